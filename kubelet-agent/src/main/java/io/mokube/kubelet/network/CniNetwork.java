package io.mokube.kubelet.network;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The network of one node's pods: a bridge with the node's share of the cluster's addresses. Nodes on one machine have
 * one bridge each; the kernel routes between them, so that every pod reaches every other without address translation.
 *
 * @param bridge the bridge's interface name
 * @param podCidr the addresses of this node's pods
 * @param mtu how large pods' packets may be, in bytes, where some travel inside of others; nothing for the kernel's choice
 */
public record CniNetwork(String bridge, String podCidr, OptionalInt mtu) {

    private static final String FILE = "10-mokube.conflist";

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
                        "ranges": [[{"subnet": "%3$s"}]],
                        "routes": [{"dst": "0.0.0.0/0"}]
                      }
                    },
                    {"type": "portmap", "capabilities": {"portMappings": true}}
                  ]
                }
                """.formatted(
                bridge, addressFolder, podCidr, mtu.isPresent() ? "\n          \"mtu\": " + mtu.getAsInt() + "," : "");
        Path file = folder.resolve(FILE);
        if (Files.exists(file) && Files.readString(file).equals(content)) {
            return;
        }
        Path next = folder.resolve(FILE + ".new");
        Files.writeString(next, content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Lets the kernel pass packets between the bridges of the nodes. */
    public static void enableForwarding() {
        Path setting = Path.of("/proc/sys/net/ipv4/ip_forward");
        try {
            if (Files.readString(setting).strip().equals("0")) {
                Files.writeString(setting, "1");
            }
        } catch (IOException e) {
            throw new ComponentException(
                    "can't enable IP forwarding, which pods on different nodes need: sysctl -w net.ipv4.ip_forward=1",
                    e);
        }
    }
}
