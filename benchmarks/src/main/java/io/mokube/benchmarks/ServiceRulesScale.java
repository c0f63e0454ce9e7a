package io.mokube.benchmarks;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.apply.nftables.NftablesApplier;
import io.mokube.proxy.compile.RuleCompiler;
import io.mokube.proxy.compile.RuleSet;
import io.mokube.proxy.model.Endpoint;
import io.mokube.proxy.model.NodeFacts;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServicePort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * Services with two endpoints each, in a network namespace of their own: how long all of them take, how long one change
 * takes from the changed facts to the kernel, and how long {@code nft -f -} takes that is told to go back again, in turns.
 *
 * <p>It measures in a process that was started in the namespace, as a kube-proxy is: entering one costs as much as a
 * change.
 */
final class ServiceRulesScale {

    static final int CHANGES_PER_ROUND = 40;

    private static final double GOAL = 2;
    private static final double MILLI = 1e6;
    private static final String TABLE = "mokube-benchmark";
    private static final Placement NODE = new Placement(
            new NodeFacts(Set.of("here"), Set.of(), List.of(IpAddress.of("192.0.2.1"))),
            List.of(Cidr.of("10.0.0.0/8")),
            false);

    private final int most;
    private final int changes;

    /**
     * @param most the largest number of services; the others are a tenth and a hundredth of it
     * @param changes how many single changes to measure at each size
     */
    ServiceRulesScale(int most, int changes) {
        this.most = most;
        this.changes = changes;
    }

    /** What one size took, in nanoseconds; memory in bytes. */
    private record Size(int services, long all, long allByHand, long[] change, long[] changeByHand, long retained) {

        double ratio() {
            return (double) percentile(change, 0.99) / percentile(changeByHand, 0.99);
        }
    }

    /** Measures in a namespace that it makes, and returns the table that it also saved. */
    String run(Path results) throws IOException, InterruptedException {
        String namespace = "mkb" + ProcessHandle.current().pid();
        command("ip", "netns", "add", namespace);
        try {
            Process inside = new ProcessBuilder(
                            "ip",
                            "netns",
                            "exec",
                            namespace,
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            ServiceRulesScale.class.getName(),
                            Integer.toString(most),
                            Integer.toString(changes),
                            results.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String table = new String(inside.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (inside.waitFor() != 0) {
                throw new IOException("the measurement in the namespace failed");
            }
            return table;
        } finally {
            command("ip", "netns", "delete", namespace);
        }
    }

    /** {@code MOST CHANGES RESULTS}, in the namespace. */
    public static void main(String[] arguments) throws Exception {
        ServiceRulesScale scale = new ServiceRulesScale(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]));
        System.out.print(scale.measureAll(Path.of(arguments[2])));
    }

    private String measureAll(Path results) throws IOException, InterruptedException {
        measure(Math.max(1, most / 100)); // warms up
        List<Size> sizes = new ArrayList<>();
        for (int divisor : List.of(100, 10, 1)) {
            sizes.add(measure(Math.max(1, most / divisor)));
        }
        Instant at = Instant.now();
        String table = table(sizes, at);
        Report.save(results, "services", at, table, json(sizes, at));
        return table;
    }

    private Size measure(int count) throws IOException, InterruptedException {
        NftablesApplier applier = new NftablesApplier(TABLE, Optional.empty());
        List<ServiceFacts> services = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            services.add(service(i, 0));
        }
        long allByHand = nft(applier.script(null, RuleCompiler.compile(services, NODE)));
        applier.remove();

        long before = heap();
        long begin = System.nanoTime();
        RuleSet rules = RuleCompiler.compile(services, NODE);
        applier.apply(null, rules);
        long all = System.nanoTime() - begin;
        long retained = heap() - before;

        long[] change = new long[changes];
        long[] changeByHand = new long[changes];
        Random random = new Random(7);
        for (int i = 0; i < changes; i++) {
            ServiceFacts changed = service(random.nextInt(count), i + 1);
            begin = System.nanoTime();
            RuleSet next = RuleCompiler.compile(Map.of(changed.key(), Optional.of(changed)), NODE, rules);
            applier.apply(rules, next);
            change[i] = System.nanoTime() - begin;
            changeByHand[i] = nft(applier.script(next, rules));
        }
        applier.remove();
        Arrays.sort(change);
        Arrays.sort(changeByHand);
        return new Size(count, all, allByHand, change, changeByHand, retained);
    }

    /** One endpoint moves from one version to the next. */
    private static ServiceFacts service(int number, int version) {
        String host = (number / 250) % 250 + "." + (number % 250 + 1);
        List<Endpoint> endpoints =
                List.of(endpoint("10.1." + host), endpoint("10." + (2 + version % 200) + "." + host));
        return new ServiceFacts(
                new ObjectKey("default", "service-" + number),
                List.of(IpAddress.of("172.30." + host)),
                List.of(),
                List.of(),
                List.of(),
                Duration.ZERO,
                false,
                false,
                0,
                List.of(new ServicePort("", Protocol.TCP, 80, 0, endpoints)));
    }

    private static Endpoint endpoint(String address) {
        return new Endpoint(IpAddress.of(address), 8080, true, true, false, "there", Set.of(), Set.of());
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static long percentile(long[] sorted, double share) {
        return sorted[Math.min(sorted.length - 1, (int) (sorted.length * share))];
    }

    private String table(List<Size> sizes, Instant at) throws IOException {
        StringBuilder text = new StringBuilder("# services\n\n")
                .append(Report.machine())
                .append(", ")
                .append(at)
                .append("\n\nServices with two endpoints each; ")
                .append(changes)
                .append(
                        " single changes, in turns with `nft -f -` told to take them back; the ratio is of the 99th percentiles.\n\n")
                .append(
                        "| services | all, ms | by nft, ms | change p50, ms | p99, ms | by nft p50, ms | p99, ms | ratio | goal | MB |\n")
                .append("|---|---|---|---|---|---|---|---|---|---|\n");
        for (Size size : sizes) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %d | %.0f | %.0f | %.1f | %.1f | %.1f | %.1f | %.2f | ≤ %.0f | %.1f |%n",
                    size.services(),
                    size.all() / MILLI,
                    size.allByHand() / MILLI,
                    percentile(size.change(), 0.5) / MILLI,
                    percentile(size.change(), 0.99) / MILLI,
                    percentile(size.changeByHand(), 0.5) / MILLI,
                    percentile(size.changeByHand(), 0.99) / MILLI,
                    size.ratio(),
                    GOAL,
                    size.retained() / MILLI));
        }
        text.append(
                "\nHow it grows: the exponent of the number of services.\n\n| from | to | all | change p50 |\n|---|---|---|---|\n");
        for (int i = 1; i < sizes.size(); i++) {
            Size small = sizes.get(i - 1);
            Size large = sizes.get(i);
            text.append(String.format(
                    Locale.ROOT,
                    "| %d | %d | %.2f | %.2f |%n",
                    small.services(),
                    large.services(),
                    exponent(small, large, small.all(), large.all()),
                    exponent(small, large, percentile(small.change(), 0.5), percentile(large.change(), 0.5))));
        }
        return text.toString();
    }

    private static double exponent(Size small, Size large, long cost, long more) {
        return Math.log((double) more / cost) / Math.log((double) large.services() / small.services());
    }

    private ObjectNode json(List<Size> sizes, Instant at) throws IOException {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("benchmark", "services").put("at", at.toString()).put("machine", Report.machine());
        for (Size size : sizes) {
            root.withArray("measures")
                    .addObject()
                    .put("services", size.services())
                    .put("allMillis", size.all() / MILLI)
                    .put("allByNftMillis", size.allByHand() / MILLI)
                    .put("changeP50Millis", percentile(size.change(), 0.5) / MILLI)
                    .put("changeP99Millis", percentile(size.change(), 0.99) / MILLI)
                    .put("changeByNftP50Millis", percentile(size.changeByHand(), 0.5) / MILLI)
                    .put("changeByNftP99Millis", percentile(size.changeByHand(), 0.99) / MILLI)
                    .put("ratio", size.ratio())
                    .put("retainedBytes", size.retained());
        }
        return root;
    }

    /** Gives nft a script and returns how long it took. */
    private static long nft(String script) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Process process = new ProcessBuilder("nft", "-f", "-")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var in = process.getOutputStream()) {
            in.write(script.getBytes(StandardCharsets.UTF_8));
        }
        if (process.waitFor() != 0) {
            throw new IOException("nft failed");
        }
        return System.nanoTime() - begin;
    }

    private static void command(String... command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new ComponentException(String.join(" ", command) + " failed: this takes root and iproute2");
        }
    }
}
