package io.mokube.kubelet.network;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.component.ComponentException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
     * Makes the bridge with the first address of the node's pods, which is how pods and others reach the machine. The
     * CNI plugin would make the same with the first pod; whoever listens on that address can't wait for it.
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
        run("", "ip", "addr", "replace", gateway + "/" + pods.prefix(), "brd", "+", "dev", name);
        run("", "ip", "link", "set", name, "up");
    }

    /** The bridge's own address. */
    public static String gateway(Cidr pods) {
        return pods.address(1).text();
    }

    private static String hardwareAddress(Cidr pods) {
        byte[] address = pods.address(1).bytes();
        return String.format(Locale.ROOT, "0a:58:%02x:%02x:%02x:%02x", address[0], address[1], address[2], address[3]);
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
        if (Programs.find("iptables").isPresent()
                && run("", "iptables", "-w", "-S", "FORWARD").startsWith("-P FORWARD DROP")) {
            for (String direction : List.of("-s", "-d")) {
                if (!succeeds(forwardRule("-C", direction, cluster))) {
                    run("", forwardRule("-I", direction, cluster));
                }
            }
        }
    }

    /** Whether there are rules, whatever they say. */
    boolean masquerades() {
        return succeeds("nft", "list", "table", "ip", table());
    }

    /** The rules; replaces those that are there, in one step. */
    String rules(Cidr pods, Cidr cluster) {
        return """
                add table ip %1$s
                delete table ip %1$s
                table ip %1$s {
                  chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    ip saddr %2$s ip daddr != { %3$s, 224.0.0.0/4 } counter masquerade
                  }
                }
                """.formatted(table(), pods, cluster);
    }

    private String table() {
        return "mokube-" + name;
    }

    private String[] forwardRule(String action, String direction, Cidr cluster) {
        return new String[] {
            "iptables",
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
        if (Programs.find("nft").isPresent() && masquerades()) {
            tryTo("nft", "delete", "table", "ip", table());
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
