package io.mokube.kubelet.runtime.cri;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network of one node's pods: a bridge with the node's share of the cluster's addresses. Nodes on one machine have
 * one bridge each; the kernel routes between them, so that every pod reaches every other without address translation.
 *
 * @param bridge the bridge's interface name
 * @param podCidr the addresses of this node's pods
 */
record CniNetwork(String bridge, String podCidr) {

    private static final Logger log = LoggerFactory.getLogger(CniNetwork.class);

    /** Where distributions put the plugins. */
    static Optional<Path> pluginFolder() {
        return Stream.of("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
                .map(Path::of)
                .filter(folder -> Files.isExecutable(folder.resolve("bridge")))
                .findFirst();
    }

    /** Writes the configuration, replacing an older one. */
    void write(Path folder, Path addressFolder) throws IOException {
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
                      "hairpinMode": true,
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
                """.formatted(bridge, addressFolder, podCidr);
        ContainerdLauncher.replace(folder.resolve("10-mokube.conflist"), content);
    }

    /** Lets the kernel pass packets between the bridges of the nodes. */
    static void enableForwarding() {
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

    /** Takes the bridge down when it is there. */
    static void removeBridge(String bridge) {
        if (!Files.exists(Path.of("/sys/class/net", bridge))) {
            return;
        }
        try {
            Programs.run(List.of(
                    Programs.find("ip").map(Path::toString).orElse("ip"), "link", "delete", bridge, "type", "bridge"));
        } catch (ComponentException e) {
            log.atWarn()
                    .setMessage("could not remove the bridge")
                    .addKeyValue("bridge", bridge)
                    .setCause(e)
                    .log();
        }
    }
}
