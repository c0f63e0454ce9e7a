package io.mokube.proxy.apply;

import io.mokube.machinery.address.IpAddress;
import io.mokube.testkit.Needs;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * A node with its surroundings, in network namespaces: two pods on the node's bridge, one pod of another node, and a client
 * outside the cluster. In each, and on the node, a {@link Probe} does what the test says.
 *
 * <pre>
 *   pod-1  10.60.1.2  fd60:1::2  ┐
 *   pod-2  10.60.1.3  fd60:1::3  ┴ bridge ─ node ┬─ away   10.60.2.2     fd60:2::2   (listens)
 *                                                └─ client 192.168.77.2  fd77::2
 * </pre>
 */
public final class NetworkLab implements AutoCloseable {

    /** Where every pod listens. */
    public static final int POD_PORT = 8080;

    private final String prefix =
            "mkp" + HexFormat.of().toHexDigits(RandomGenerator.getDefault().nextInt(), 6) + "-";
    private final List<String> namespaces = new ArrayList<>();
    private final Map<String, RunningProbe> probes = new LinkedHashMap<>();

    private record RunningProbe(Process process, BufferedReader answers, Writer commands) {}

    /** Builds it; skips the test where that can't be. */
    public static NetworkLab start() {
        Needs.part("root", "root".equals(System.getProperty("user.name")));
        Needs.part("iproute2", exists("ip"));
        Needs.part("nftables", exists("nft"));
        Needs.part("conntrack", exists("conntrack"));
        NetworkLab lab = new NetworkLab();
        try {
            lab.build();
            return lab;
        } catch (RuntimeException | Error e) {
            lab.close();
            throw e;
        }
    }

    private static boolean exists(String program) {
        return List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin").stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private void build() {
        for (String each : List.of("node", "pod-1", "pod-2", "away", "client")) {
            run("ip", "netns", "add", namespace(each));
            namespaces.add(namespace(each));
            run("ip", "-n", namespace(each), "link", "set", "lo", "up");
        }
        in("node", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        String node = namespace("node");
        run("ip", "-n", node, "link", "add", "bridge", "type", "bridge");
        run("ip", "-n", node, "link", "set", "bridge", "up");
        run("ip", "-n", node, "address", "add", "10.60.1.1/24", "dev", "bridge");
        run("ip", "-n", node, "address", "add", "fd60:1::1/64", "dev", "bridge", "nodad");
        pod("pod-1", "10.60.1.2", "fd60:1::2");
        pod("pod-2", "10.60.1.3", "fd60:1::3");
        routed("away", "10.60.2.", "fd60:2::");
        routed("client", "192.168.77.", "fd77::");
        // Cluster IPs are on no link: what the node itself sends needs a way out.
        run("ip", "-n", node, "route", "add", "default", "via", "192.168.77.2");
        run("ip", "-n", node, "route", "add", "default", "via", "fd77::2");
        for (String each : List.of("node", "pod-1", "pod-2", "away", "client")) {
            probes.put(each, startProbe(each));
        }
        probes.values().forEach(each -> expect(each, "ready"));
        for (String each : List.of("pod-1", "pod-2", "away")) {
            ask(each, "listen " + POD_PORT);
        }
    }

    private void pod(String name, String address, String address6) {
        link(name);
        String node = namespace("node");
        run("ip", "-n", node, "link", "set", name, "master", "bridge");
        run("ip", "-n", node, "link", "set", name, "type", "bridge_slave", "hairpin", "on");
        addresses(name, address + "/24", address6 + "/64", "10.60.1.1", "fd60:1::1");
    }

    private void routed(String name, String network, String network6) {
        link(name);
        run("ip", "-n", namespace("node"), "address", "add", network + "1/24", "dev", name);
        run("ip", "-n", namespace("node"), "address", "add", network6 + "1/64", "dev", name, "nodad");
        addresses(name, network + "2/24", network6 + "2/64", network + "1", network6 + "1");
    }

    private void link(String name) {
        run(
                "ip",
                "-n",
                namespace("node"),
                "link",
                "add",
                name,
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                namespace(name));
        run("ip", "-n", namespace("node"), "link", "set", name, "up");
    }

    private void addresses(String name, String address, String address6, String gateway, String gateway6) {
        String namespace = namespace(name);
        run("ip", "-n", namespace, "address", "add", address, "dev", "eth0");
        run("ip", "-n", namespace, "address", "add", address6, "dev", "eth0", "nodad");
        run("ip", "-n", namespace, "link", "set", "eth0", "up");
        run("ip", "-n", namespace, "route", "add", "default", "via", gateway);
        run("ip", "-n", namespace, "route", "add", "default", "via", gateway6);
    }

    /** The name of the namespace. */
    public String namespace(String name) {
        return prefix + name;
    }

    /** Runs a command in a namespace and returns what it prints. */
    public String in(String name, String... command) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace(name)));
        all.addAll(List.of(command));
        return run(all.toArray(String[]::new));
    }

    /** Connects over TCP and returns who answered and which address of the client it saw, or what went wrong. */
    public String tcp(String from, String address, int port) {
        return ask(from, "tcp " + address + " " + port);
    }

    /** The same over UDP. */
    public String udp(String from, String address, int port, int sourcePort) {
        return ask(from, "udp " + address + " " + port + " " + sourcePort);
    }

    /** Gives a probe a command and returns its answer; IPv6 addresses in it are canonical. */
    public String ask(String name, String command) {
        RunningProbe probe = Objects.requireNonNull(probes.get(name), name);
        try {
            probe.commands().write(command + "\n");
            probe.commands().flush();
            String answer = probe.answers().readLine();
            if (answer == null) {
                throw new AssertionError("the probe in " + name + " ended");
            }
            String[] words = answer.split(" ");
            return words.length == 2
                    ? words[0] + " "
                            + IpAddress.parse(words[1]).map(IpAddress::text).orElse(words[1])
                    : answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RunningProbe startProbe(String name) {
        try {
            Process process = new ProcessBuilder(
                            "ip",
                            "netns",
                            "exec",
                            namespace(name),
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx32m",
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Probe.class.getName(),
                            name)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            return new RunningProbe(
                    process,
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)),
                    process.outputWriter(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void expect(RunningProbe probe, String line) {
        try {
            String answer = probe.answers().readLine();
            if (!line.equals(answer)) {
                throw new AssertionError("the probe says " + answer);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(String.join(" ", command) + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        for (RunningProbe probe : probes.values()) {
            probe.process().destroyForcibly();
        }
        for (RunningProbe probe : probes.values()) {
            try {
                probe.process().waitFor(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        namespaces.forEach(each -> run("ip", "netns", "delete", each));
    }
}
