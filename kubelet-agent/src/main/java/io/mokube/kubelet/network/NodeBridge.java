package io.mokube.kubelet.network;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.component.ComponentException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridge of one node's pods, and what the kernel does with their packets beside switching them: those that leave the
 * cluster get an address of the machine, all others keep theirs.
 *
 * @param name the interface's name
 */
public record NodeBridge(String name) {

    private static final Logger log = LoggerFactory.getLogger(NodeBridge.class);
    private static final String COMMENT = "mokube pods";

    /**
     * Makes the bridge with the first address of the node's pods, which is how pods and others reach the machine; with one
     * of each address family when asked for both. The CNI plugin would make the same with the first pod; whoever listens on
     * that address can't wait for it.
     */
    public void ensure(Cidr pods) {
        String gateway = gateway(pods);
        if (!isThere()) {
            // An address of its own: otherwise it has its first port's, and changes with it.
            try {
                run("", "ip", "link", "add", name, "address", hardwareAddress(pods), "type", "bridge");
            } catch (ComponentException e) {
                if (!isThere()) {
                    throw e;
                }
            }
        }
        String address = gateway + "/" + pods.prefix();
        if (pods.family() == Family.IPV4) {
            run("", "ip", "addr", "replace", address, "brd", "+", "dev", name);
        } else {
            // Nobody else can have it, and it is there at once.
            run("", "ip", "addr", "replace", address, "dev", name, "nodad");
        }
        run("", "ip", "link", "set", name, "up");
    }

    /** The bridge's own address. */
    public static String gateway(Cidr pods) {
        return pods.address(1).text();
    }

    private static String hardwareAddress(Cidr pods) {
        return HardwareAddresses.of(0x58, pods.address(1));
    }

    private boolean isThere() {
        return Files.exists(Path.of("/sys/class/net", name));
    }

    /**
     * Gives packets that leave the cluster the machine's address, without which nobody could answer them, and lets the
     * firewall pass the pods' packets where it passes nothing by default (as on machines with Docker).
     *
     * @throws ComponentException when the kernel refuses
     */
    public void masquerade(Cidr pods, Cidr cluster) {
        run(rules(pods, cluster), "nft", "-f", "-");
        String firewall = cluster.family() == Family.IPV4 ? "iptables" : "ip6tables";
        if (Programs.find(firewall).isPresent()
                && run("", firewall, "-w", "-S", "FORWARD").startsWith("-P FORWARD DROP")) {
            for (String direction : List.of("-s", "-d")) {
                if (!succeeds(forwardRule(firewall, "-C", direction, cluster))) {
                    run("", forwardRule(firewall, "-I", direction, cluster));
                }
            }
        }
    }

    /** Whether there are rules for a family, whatever they say. */
    boolean masquerades(Family family) {
        return succeeds("nft", "list", "table", nftFamily(family), table());
    }

    private static String nftFamily(Family family) {
        return family == Family.IPV4 ? "ip" : "ip6";
    }

    /** The rules; replaces those that are there, in one step. */
    String rules(Cidr pods, Cidr cluster) {
        return """
                add table %4$s %1$s
                delete table %4$s %1$s
                table %4$s %1$s {
                  chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    %4$s saddr %2$s %4$s daddr != { %3$s, %5$s } counter masquerade
                  }
                }
                """.formatted(table(), pods, cluster, nftFamily(pods.family()), nearby(pods.family()));
    }

    /** What never leaves a link, and so needs no other address: groups, and neighbours of IPv6 among themselves. */
    private static String nearby(Family family) {
        return family == Family.IPV4 ? "224.0.0.0/4" : "fe80::/10, ff00::/8";
    }

    private String table() {
        return "mokube-" + name;
    }

    private static String[] forwardRule(String firewall, String action, String direction, Cidr cluster) {
        return new String[] {
            firewall,
            "-w",
            action,
            "FORWARD",
            direction,
            cluster.toString(),
            "-m",
            "comment",
            "--comment",
            COMMENT,
            "-j",
            "ACCEPT"
        };
    }

    /** Takes the bridge and its rules away when they are there. The firewall's rules stay: other nodes' pods need them. */
    public void remove() {
        for (Family family : Family.values()) {
            if (Programs.find("nft").isPresent() && masquerades(family)) {
                tryTo("nft", "delete", "table", nftFamily(family), table());
            }
        }
        if (isThere()) {
            tryTo("ip", "link", "delete", name, "type", "bridge");
        }
    }

    private void tryTo(String... command) {
        try {
            run("", command);
        } catch (ComponentException e) {
            log.atWarn()
                    .setMessage("could not remove the bridge")
                    .addKeyValue("bridge", name)
                    .setCause(e)
                    .log();
        }
    }

    private static boolean succeeds(String... command) {
        try {
            run("", command);
            return true;
        } catch (ComponentException e) {
            return false;
        }
    }

    private static String run(String input, String... command) {
        List<String> words = new ArrayList<>();
        words.add(Programs.find(command[0]).map(Object::toString).orElse(command[0]));
        words.addAll(List.of(command).subList(1, command.length));
        return Programs.run(words, input);
    }
}
