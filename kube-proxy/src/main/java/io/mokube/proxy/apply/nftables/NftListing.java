package io.mokube.proxy.apply.nftables;

import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.compile.Container;
import io.mokube.proxy.compile.Contents;
import io.mokube.proxy.compile.ElementKey;
import io.mokube.proxy.compile.ElementKey.Choice;
import io.mokube.proxy.compile.ElementKey.Frontend;
import io.mokube.proxy.compile.ElementValue;
import io.mokube.proxy.model.Protocol;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads what {@code nft -j list table} prints of a table of ours. */
final class NftListing {

    /** The sets in which endpoints remember clients are named so. */
    private static final String AFFINITY = "affinity/";

    private NftListing() {}

    /**
     * The table's contents. Chains are there by name: what their rules mean is not read.
     *
     * @return nothing when something in it can't be understood
     */
    static Optional<Contents> read(String json) {
        try {
            Contents contents = Contents.empty();
            for (JsonNode each : Json.MAPPER.readTree(json).path("nftables")) {
                if (each.has("chain")) {
                    contents.chains().put(each.at("/chain/name").asString(), Optional.empty());
                } else if (each.has("set") || each.has("map")) {
                    container(each.has("set") ? each.get("set") : each.get("map"), contents);
                }
            }
            return Optional.of(contents);
        } catch (JacksonException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static void container(JsonNode node, Contents contents) {
        String name = node.path("name").asString();
        if (name.startsWith(AFFINITY)) {
            contents.affinitySets().add(name);
            return;
        }
        Container container = Container.named(name).orElseThrow(() -> new IllegalArgumentException(name));
        for (JsonNode element : node.path("elem")) {
            contents.elements()
                    .put(
                            new Contents.Slot(container, key(container, container.isMap() ? element.get(0) : element)),
                            container.isMap() ? value(element.get(1)) : ElementValue.Present.PRESENT);
        }
    }

    private static ElementKey key(Container container, JsonNode node) {
        JsonNode parts = node.path("concat");
        return switch (container) {
            case CLUSTER_IPS -> new ElementKey.Single(address(node));
            case HAIRPIN -> {
                if (!address(parts.get(0)).equals(address(parts.get(1)))) {
                    throw new IllegalArgumentException(node.toString());
                }
                yield new ElementKey.Hairpin(address(parts.get(0)));
            }
            case SERVICES, NO_ENDPOINTS, FIREWALL -> frontend(parts);
            case TCP_ENDPOINTS,
                    UDP_ENDPOINTS,
                    SCTP_ENDPOINTS,
                    TCP_LOCAL_ENDPOINTS,
                    UDP_LOCAL_ENDPOINTS,
                    SCTP_LOCAL_ENDPOINTS,
                    STICKY_ENDPOINTS,
                    STICKY_LOCAL_ENDPOINTS -> new Choice(frontend(parts), number(parts.get(3)));
        };
    }

    private static Frontend frontend(JsonNode parts) {
        return new Frontend(address(parts.get(0)), protocol(parts.get(1)), number(parts.get(2)));
    }

    private static ElementValue value(JsonNode node) {
        if (node.has("drop")) {
            return ElementValue.Drop.DROP;
        }
        if (node.has("goto")) {
            return new ElementValue.Goto(node.at("/goto/target").asString());
        }
        if (node.has("jump")) {
            return new ElementValue.Jump(node.at("/jump/target").asString());
        }
        JsonNode parts = node.path("concat");
        return new ElementValue.Target(address(parts.get(0)), number(parts.get(1)));
    }

    private static IpAddress address(JsonNode node) {
        return IpAddress.of(node.asString());
    }

    private static Protocol protocol(JsonNode node) {
        return Protocol.named(node.asString().toUpperCase(Locale.ROOT))
                .orElseThrow(() -> new IllegalArgumentException(node.toString()));
    }

    private static int number(JsonNode node) {
        return Integer.parseInt(node.asString());
    }
}
