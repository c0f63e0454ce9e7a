package io.mokube.kubelet.policy;

import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.Threshold.Amount;
import io.mokube.kubelet.policy.Threshold.Signal;
import io.mokube.machinery.quantity.Quantity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * How a node looks after itself: what a file of kind {@code KubeletConfiguration} says.
 *
 * @param kubeReserved kept from pods for Kubernetes' own parts: cpu, memory, ephemeral-storage, pid
 * @param systemReserved kept from pods for the rest of the machine
 * @param podPids how many processes and threads one pod may have
 * @param maxPods how many pods may run
 * @param staticPods the file or folder with pods that run without an API server
 * @param verification whose images pods may use
 * @param ignored fields of the file that say nothing to this agent
 */
public record NodePolicy(
        Map<String, Quantity> kubeReserved,
        Map<String, Quantity> systemReserved,
        Eviction eviction,
        Images images,
        OptionalLong podPids,
        OptionalInt maxPods,
        Optional<Path> staticPods,
        Shutdown shutdown,
        PullVerification verification,
        Set<String> ignored) {

    private static final String KIND = "KubeletConfiguration";
    private static final String VERSION = "kubelet.config.k8s.io/v1beta1";
    private static final YAMLMapper YAML = YAMLMapper.builder().build();

    /** Kubernetes' own choice: right for a machine that is the node's alone. */
    public static final NodePolicy DEDICATED_MACHINE =
            policy(new Eviction(defaults(), Duration.ofMinutes(5), Duration.ZERO), Images.DEFAULT);

    /**
     * For nodes that share a machine with people: a nearly full disk is not theirs to mend, and images that were loaded
     * by hand come from no registry. Only a lack of memory evicts.
     */
    public static final NodePolicy SHARED_MACHINE = policy(
            new Eviction(
                    defaults().stream()
                            .filter(each -> each.signal() == Signal.MEMORY)
                            .toList(),
                    Duration.ofMinutes(5),
                    Duration.ZERO),
            Images.KEEP);

    private static NodePolicy policy(Eviction eviction, Images images) {
        return new NodePolicy(
                Map.of(),
                Map.of(),
                eviction,
                images,
                OptionalLong.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Shutdown.NONE,
                PullVerification.DEFAULT,
                Set.of());
    }

    private static List<Threshold> defaults() {
        return thresholds(
                Map.of(
                        "memory.available", "100Mi",
                        "nodefs.available", "10%",
                        "nodefs.inodesFree", "5%",
                        "imagefs.available", "15%",
                        "imagefs.inodesFree", "5%"),
                Map.of(),
                Map.of(),
                Map.of());
    }

    /**
     * When pods are evicted.
     *
     * @param transition how long a pressure is told after it was seen last
     * @param longestGrace how long a pod evicted by a soft threshold may take to end
     */
    public record Eviction(List<Threshold> thresholds, Duration transition, Duration longestGrace) {
        public Eviction {
            thresholds = thresholds.stream()
                    .sorted(Comparator.comparing(Threshold::signal).thenComparing(Threshold::grace))
                    .toList();
        }

        /** What a hard threshold keeps free; pods are not offered it. */
        public Amount hard(Signal signal) {
            return thresholds.stream()
                    .filter(each -> each.hard() && each.signal() == signal)
                    .map(Threshold::least)
                    .findFirst()
                    .orElse(Amount.ZERO);
        }
    }

    /**
     * When images that nobody uses are removed.
     *
     * @param highPercent so full a disk begins it; 100 for never
     * @param lowPercent so full a disk ends it
     * @param leastAge younger images are kept
     * @param mostAge images unused for longer go however empty the disk is; zero for never
     */
    public record Images(int highPercent, int lowPercent, Duration leastAge, Duration mostAge) {
        public static final Images DEFAULT = new Images(85, 80, Duration.ofMinutes(2), Duration.ZERO);
        public static final Images KEEP = new Images(100, 80, Duration.ofMinutes(2), Duration.ZERO);
    }

    /**
     * How the node's pods end when the node does.
     *
     * @param periods one after the other, by growing priority; none leaves the pods running
     */
    public record Shutdown(List<Period> periods) {
        public static final Shutdown NONE = new Shutdown(List.of());

        /**
         * The time for some of the pods.
         *
         * @param priority of those whose own is not lower, up to the next period's; the first is also for all below
         */
        public record Period(int priority, Duration time) {}

        public Shutdown {
            periods = periods.stream()
                    .sorted(Comparator.comparing(Period::priority))
                    .toList();
        }

        /**
         * Ordinary pods first, then the critical ones.
         *
         * @param total how long all may take; zero leaves them running
         * @param critical the part of it that is kept for critical pods
         */
        public static Shutdown of(Duration total, Duration critical) {
            return total.isZero()
                    ? NONE
                    : new Shutdown(List.of(
                            new Period(0, total.minus(critical)),
                            new Period(PodFacts.SYSTEM_CRITICAL_PRIORITY, critical)));
        }

        public boolean configured() {
            return periods.stream().anyMatch(period -> period.time().isPositive());
        }
    }

    /** The same with static pods from there. */
    public NodePolicy withStaticPods(Path path) {
        return new NodePolicy(
                kubeReserved,
                systemReserved,
                eviction,
                images,
                podPids,
                maxPods,
                Optional.of(path),
                shutdown,
                verification,
                ignored);
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException when it can't be read or breaks a rule, in words for the user
     */
    public static NodePolicy read(Path file) {
        try {
            return parse(Files.readString(file));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "the kubelet's configuration " + file + " can't be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the kubelet's configuration " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads a file's text. What it does not say is as Kubernetes has it; {@code evictionHard} replaces all hard
     * thresholds at once, unless {@code mergeDefaultEvictionSettings} is set.
     *
     * @throws IllegalArgumentException when it can't be understood or breaks a rule
     */
    public static NodePolicy parse(String text) {
        JsonNode root;
        try {
            root = YAML.readTree(text);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("no YAML: " + e.getOriginalMessage(), e);
        }
        String kind = root.path("kind").asString("");
        String version = root.path("apiVersion").asString("");
        if (!kind.equals(KIND) || !version.equals(VERSION)) {
            throw new IllegalArgumentException("no kind \"" + kind + "\" is registered for version \"" + version
                    + "\": expected kind " + KIND + " of version " + VERSION);
        }
        return new Reader(root).policy();
    }

    private static List<Threshold> thresholds(
            Map<String, String> hard, Map<String, String> soft, Map<String, String> graces, Map<String, String> more) {
        List<Threshold> thresholds = new ArrayList<>();
        hard.forEach((signal, amount) ->
                add(thresholds, "evictionHard", signal, amount, Duration.ZERO, more.getOrDefault(signal, "0")));
        soft.forEach((signal, amount) -> {
            String grace = graces.get(signal);
            if (grace == null) {
                throw new IllegalArgumentException(
                        "evictionSoft: grace period must be specified for the soft eviction threshold " + signal);
            }
            Duration time = GoDuration.parse(grace);
            if (!time.isPositive()) {
                throw new IllegalArgumentException("evictionSoftGracePeriod: " + signal + " must be positive");
            }
            add(thresholds, "evictionSoft", signal, amount, time, more.getOrDefault(signal, "0"));
        });
        // What pods together may have is watched as the machine's memory is.
        thresholds.stream()
                .filter(each -> each.hard() && each.signal() == Signal.MEMORY)
                .findFirst()
                .ifPresent(each -> thresholds.add(
                        new Threshold(Signal.ALLOCATABLE_MEMORY, each.least(), Duration.ZERO, each.minReclaim())));
        return thresholds;
    }

    private static void add(
            List<Threshold> list, String field, String name, String amount, Duration grace, String more) {
        for (Signal signal : Signal.values()) {
            if (signal.text().equals(name) && signal != Signal.ALLOCATABLE_MEMORY) {
                Amount least = Amount.parse(amount);
                // Nothing and everything are ways to switch a threshold off.
                if (!least.isZero() && least.percent() < 100) {
                    list.add(new Threshold(signal, least, grace, Amount.parse(more)));
                }
                return;
            }
        }
        throw new IllegalArgumentException(field + ": unknown eviction signal " + name);
    }

    /** Reads fields, and notes which were asked for. */
    private static final class Reader {

        private final JsonNode root;
        private final Set<String> asked = new HashSet<>(Set.of("kind", "apiVersion"));

        Reader(JsonNode root) {
            this.root = root;
        }

        NodePolicy policy() {
            Map<String, String> hard = words("evictionHard");
            boolean merge = field("mergeDefaultEvictionSettings").asBoolean(false);
            Map<String, String> all = new TreeMap<>();
            if (hard.isEmpty() || merge) {
                defaults().stream()
                        .filter(each -> each.signal() != Signal.ALLOCATABLE_MEMORY)
                        .forEach(each -> all.put(each.signal().text(), text(each.least())));
            }
            all.putAll(hard);
            Eviction eviction = new Eviction(
                    NodePolicy.thresholds(
                            all,
                            words("evictionSoft"),
                            words("evictionSoftGracePeriod"),
                            words("evictionMinimumReclaim")),
                    duration("evictionPressureTransitionPeriod", Duration.ofMinutes(5)),
                    Duration.ofSeconds(number("evictionMaxPodGracePeriod", 0)));
            Images images = new Images(
                    (int) number("imageGCHighThresholdPercent", Images.DEFAULT.highPercent()),
                    (int) number("imageGCLowThresholdPercent", Images.DEFAULT.lowPercent()),
                    duration("imageMinimumGCAge", Images.DEFAULT.leastAge()),
                    duration("imageMaximumGCAge", Images.DEFAULT.mostAge()));
            if (images.highPercent() > 100 || images.lowPercent() < 0 || images.lowPercent() >= images.highPercent()) {
                throw new IllegalArgumentException("imageGCLowThresholdPercent " + images.lowPercent()
                        + " must be less than imageGCHighThresholdPercent " + images.highPercent()
                        + ", and both shares of a hundred");
            }
            Shutdown shutdown = shutdown();
            PullVerification verification = verification();
            long pids = number("podPidsLimit", -1);
            int pods = (int) number("maxPods", 0);
            String staticPods = field("staticPodPath").asString("");
            NodePolicy policy = new NodePolicy(
                    quantities("kubeReserved"),
                    quantities("systemReserved"),
                    eviction,
                    images,
                    pids > 0 ? OptionalLong.of(pids) : OptionalLong.empty(),
                    pods > 0 ? OptionalInt.of(pods) : OptionalInt.empty(),
                    staticPods.isEmpty() ? Optional.empty() : Optional.of(Path.of(staticPods)),
                    shutdown,
                    verification,
                    Set.of());
            Set<String> rest = new TreeSet<>(root.propertyNames());
            rest.removeAll(asked);
            return new NodePolicy(
                    policy.kubeReserved,
                    policy.systemReserved,
                    policy.eviction,
                    policy.images,
                    policy.podPids,
                    policy.maxPods,
                    policy.staticPods,
                    policy.shutdown,
                    policy.verification,
                    rest);
        }

        private Shutdown shutdown() {
            Duration total = duration("shutdownGracePeriod", Duration.ZERO);
            Duration critical = duration("shutdownGracePeriodCriticalPods", Duration.ZERO);
            if (critical.compareTo(total) > 0) {
                throw new IllegalArgumentException(
                        "shutdownGracePeriodCriticalPods must be less than or equal to shutdownGracePeriod");
            }
            String byPriority = "shutdownGracePeriodByPodPriority";
            List<Shutdown.Period> periods = new ArrayList<>();
            for (JsonNode period : field(byPriority)) {
                JsonNode priority = period.path("priority");
                JsonNode seconds = period.path("shutdownGracePeriodSeconds");
                if (!priority.isInt() || !seconds.isIntegralNumber() || seconds.asLong() < 0) {
                    throw new IllegalArgumentException(
                            byPriority + ": expected a priority and shutdownGracePeriodSeconds, whole numbers");
                }
                periods.add(new Shutdown.Period(priority.asInt(), Duration.ofSeconds(seconds.asLong())));
            }
            if (!periods.isEmpty() && !total.isZero()) {
                throw new IllegalArgumentException(
                        "cannot specify both " + byPriority + " and shutdownGracePeriod at the same time");
            }
            return periods.isEmpty() ? Shutdown.of(total, critical) : new Shutdown(periods);
        }

        private PullVerification verification() {
            String name = "imagePullCredentialsVerificationPolicy";
            PullVerification.Policy policy = read(name, PullVerification.DEFAULT.policy(), PullVerification.Policy::of);
            String list = "preloadedImagesVerificationAllowlist";
            List<String> exempt = new ArrayList<>();
            field(list).forEach(each -> exempt.add(each.asString("")));
            try {
                return new PullVerification(policy, exempt);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(list + ": " + e.getMessage(), e);
            }
        }

        private static String text(Amount amount) {
            return amount.percent() > 0 ? amount.percent() + "%" : Long.toString(amount.value());
        }

        private JsonNode field(String name) {
            asked.add(name);
            return root.path(name);
        }

        private long number(String name, long otherwise) {
            JsonNode value = field(name);
            if (value.isMissingNode() || value.isNull()) {
                return otherwise;
            }
            if (!value.isIntegralNumber()) {
                throw new IllegalArgumentException(name + ": expected a whole number");
            }
            return value.asLong();
        }

        private Duration duration(String name, Duration otherwise) {
            return read(name, otherwise, GoDuration::parse);
        }

        private <T> T read(String name, T otherwise, Function<String, T> reading) {
            String text = field(name).asString("");
            try {
                return text.isEmpty() ? otherwise : reading.apply(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
            }
        }

        private Map<String, String> words(String name) {
            Map<String, String> words = new TreeMap<>();
            for (Map.Entry<String, JsonNode> entry : field(name).properties()) {
                words.put(entry.getKey(), entry.getValue().asString(""));
            }
            return words;
        }

        private Map<String, Quantity> quantities(String name) {
            Map<String, Quantity> quantities = new TreeMap<>();
            words(name).forEach((resource, amount) -> {
                if (!Set.of("cpu", "memory", "ephemeral-storage", "pid").contains(resource)) {
                    throw new IllegalArgumentException(name + ": cannot reserve \"" + resource + "\"");
                }
                try {
                    quantities.put(resource, Quantity.parse(amount));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(name + ": " + resource + ": " + e.getMessage(), e);
                }
            });
            return quantities;
        }
    }
}
