package io.mokube.kubelet.network;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The network of one node's pods: a bridge with the node's share of the cluster's addresses. Nodes on one machine have
 * one bridge each; the kernel routes between them, so that every pod reaches every other without address translation.
 *
 * @param bridge the bridge's interface name
 * @param podCidrs the addresses of this node's pods: one range, or one of each address family. A pod gets one of each
 * @param mtu how large pods' packets may be, in bytes, where some travel inside of others; nothing for the kernel's choice
 */
public record CniNetwork(String bridge, List<Cidr> podCidrs, OptionalInt mtu) {

    private static final String FILE = "10-mokube.conflist";
    private static final Path IPV4_FORWARDING = Path.of("/proc/sys/net/ipv4/ip_forward");
    private static final Path IPV6_FORWARDING = Path.of("/proc/sys/net/ipv6/conf/all/forwarding");

    public CniNetwork {
        podCidrs = List.copyOf(podCidrs);
    }

    /** Where distributions put the plugins. */
    public static Optional<Path> pluginFolder() {
        return Stream.of("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
                .map(Path::of)
                .filter(folder -> Files.isExecutable(folder.resolve("bridge")))
                .findFirst();
    }

    /**
     * Writes the configuration, replacing another one; does nothing when it is there already, as runtimes read it anew at
     * each change.
     *
     * @param folder where the container runtime looks for it
     * @param addressFolder where it is noted which addresses are taken
     */
    public void write(Path folder, Path addressFolder) throws IOException {
        String content = """
                {
                  "cniVersion": "0.4.0",
                  "name": "%1$s",
                  "plugins": [
                    {
                      "type": "bridge",
                      "bridge": "%1$s",
                      "isGateway": true,
                      "ipMasq": false,
                      "hairpinMode": true,%4$s
                      "ipam": {
                        "type": "host-local",
                        "dataDir": "%2$s",
                        "ranges": [%3$s],
                        "routes": [%5$s]
                      }
                    },
                    {"type": "portmap", "capabilities": {"portMappings": true}}
                  ]
                }
                """.formatted(
                        bridge,
                        addressFolder,
                        each(podCidrs, range -> "[{\"subnet\": \"" + range + "\"}]"),
                        mtu.isPresent() ? "\n          \"mtu\": " + mtu.getAsInt() + "," : "",
                        each(podCidrs, range -> "{\"dst\": \"" + everything(range.family()) + "\"}"));
        Path file = folder.resolve(FILE);
        if (Files.exists(file) && Files.readString(file).equals(content)) {
            return;
        }
        Path next = folder.resolve(FILE + ".new");
        Files.writeString(next, content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String each(List<Cidr> ranges, Function<Cidr, String> text) {
        return ranges.stream().map(text).collect(Collectors.joining(", "));
    }

    private static String everything(Family family) {
        return family == Family.IPV4 ? "0.0.0.0/0" : "::/0";
    }

    /**
     * Lets the kernel pass packets between the bridges of the nodes. A machine that passes IPv6 packets takes its own routes
     * from routers no longer; where it did, it is told to go on.
     *
     * @throws ComponentException when the kernel refuses
     */
    public static void enableForwarding(Family family) {
        Path setting = family == Family.IPV4 ? IPV4_FORWARDING : IPV6_FORWARDING;
        try {
            if (Files.readString(setting).strip().equals("0")) {
                if (family == Family.IPV6) {
                    keepRoutersRoutes();
                }
                Files.writeString(setting, "1");
            }
        } catch (IOException e) {
            String name = Path.of("/proc/sys").relativize(setting).toString().replace('/', '.');
            throw new ComponentException(
                    "can't enable IP forwarding, which pods on different nodes need: sysctl -w " + name + "=1", e);
        }
    }

    private static void keepRoutersRoutes() throws IOException {
        String ip = Programs.find("ip").map(Path::toString).orElse("ip");
        String found = Programs.run(List.of(ip, "-j", "-6", "route", "show", "default", "proto", "ra"));
        for (JsonNode route : Json.MAPPER.readTree(found.isBlank() ? "[]" : found)) {
            Path accept = Path.of("/proc/sys/net/ipv6/conf", route.path("dev").asString(""), "accept_ra");
            if (Files.exists(accept) && Files.readString(accept).strip().equals("1")) {
                Files.writeString(accept, "2");
            }
        }
    }
}
