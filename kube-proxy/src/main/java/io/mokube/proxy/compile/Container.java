package io.mokube.proxy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.proxy.model.Nft;
import io.mokube.proxy.model.Protocol;
import java.util.Arrays;
import java.util.Optional;

/**
 * The sets and maps that every table has.
 *
 * <p>Endpoints have a map for each protocol because nft takes the protocol of a rule that translates addresses from the
 * type of the map's values; one without a protocol it can't read back ("conflicting protocols specified: ip vs. th").
 */
public enum Container {
    /** All cluster IPs. */
    CLUSTER_IPS("cluster-ips", "set", "ADDRESS"),
    /** What happens to a new connection to a frontend. */
    SERVICES("services", "map", "FRONTEND : verdict"),
    /** Frontends that nothing serves, and whether that is told the client. */
    NO_ENDPOINTS("no-endpoints", "map", "FRONTEND : verdict"),
    /** Frontends that not everybody may use. */
    FIREWALL("firewall", "map", "FRONTEND : verdict"),
    /** The endpoints behind a frontend, on any node; one map for each protocol. */
    TCP_ENDPOINTS("tcp-endpoints", "map", "CHOICE : TARGET tcp dport"),
    UDP_ENDPOINTS("udp-endpoints", "map", "CHOICE : TARGET udp dport"),
    SCTP_ENDPOINTS("sctp-endpoints", "map", "CHOICE : TARGET sctp dport"),
    /** The endpoints behind a frontend on this node, where clients outside the cluster get no others. */
    TCP_LOCAL_ENDPOINTS("tcp-local-endpoints", "map", "CHOICE : TARGET tcp dport"),
    UDP_LOCAL_ENDPOINTS("udp-local-endpoints", "map", "CHOICE : TARGET udp dport"),
    SCTP_LOCAL_ENDPOINTS("sctp-local-endpoints", "map", "CHOICE : TARGET sctp dport"),
    /** Endpoints on any node whose clients stay with them: the endpoint's chain remembers them. */
    STICKY_ENDPOINTS("sticky-endpoints", "map", "CHOICE : verdict"),
    /** The same, of endpoints on this node where clients outside the cluster get no others. */
    STICKY_LOCAL_ENDPOINTS("sticky-local-endpoints", "map", "CHOICE : verdict"),
    /** Pods that may reach themselves through a service; their answers must come back this way. */
    HAIRPIN("hairpin", "set", "ADDRESS . ADDRESS");

    private final String nftName;
    private final String kind;
    private final String type;

    Container(String nftName, String kind, String type) {
        this.nftName = nftName;
        this.kind = kind;
        this.type = type;
    }

    /** The endpoints of a protocol on any node. */
    static Container endpoints(Protocol protocol) {
        return switch (protocol) {
            case TCP -> TCP_ENDPOINTS;
            case UDP -> UDP_ENDPOINTS;
            case SCTP -> SCTP_ENDPOINTS;
        };
    }

    /** The endpoints of a protocol on this node. */
    static Container localEndpoints(Protocol protocol) {
        return switch (protocol) {
            case TCP -> TCP_LOCAL_ENDPOINTS;
            case UDP -> UDP_LOCAL_ENDPOINTS;
            case SCTP -> SCTP_LOCAL_ENDPOINTS;
        };
    }

    public String nftName() {
        return nftName;
    }

    /** {@code set} or {@code map}. */
    public String kind() {
        return kind;
    }

    public boolean isMap() {
        return kind.equals("map");
    }

    /** The type of keys and values, as nftables writes it. */
    public String typeOf(Family family) {
        String address = Nft.family(family) + " daddr";
        String frontend = address + " . meta l4proto . th dport";
        return "typeof "
                + type.replace("CHOICE", frontend + " . numgen random mod 2")
                        .replace("FRONTEND", frontend)
                        .replace("TARGET", address + " .")
                        .replace("ADDRESS", address);
    }

    /** The one of that name. */
    public static Optional<Container> named(String name) {
        return Arrays.stream(values()).filter(each -> each.nftName.equals(name)).findFirst();
    }
}
