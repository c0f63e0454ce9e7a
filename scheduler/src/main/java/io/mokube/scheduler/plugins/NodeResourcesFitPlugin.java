package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.PodRequests;
import io.mokube.scheduler.snapshot.Resources;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Lets a pod only where its requests fit beside those already there, and prefers the nodes with most left. */
public final class NodeResourcesFitPlugin implements FilterPlugin, ScorePlugin {

    private static final String NAME = "NodeResourcesFit";

    private static final int PODS = 1;
    private static final int CPU = 1 << 1;
    private static final int MEMORY = 1 << 2;
    private static final int EPHEMERAL_STORAGE = 1 << 3;
    /** Even an empty node would be too small: taking pods away can't help. */
    private static final int NEVER = 1 << 4;

    /** Verdicts for each combination of the above, so that ruling out thousands of nodes allocates nothing. */
    private static final Verdict[] LACKING = new Verdict[1 << 5];

    static {
        for (int lacking = 0; lacking < LACKING.length; lacking++) {
            LACKING[lacking] = lacking == 0 ? Verdict.FITS : verdict(lacking, List.of());
        }
    }

    private static Verdict verdict(int lacking, List<String> others) {
        List<String> reasons = new ArrayList<>();
        if ((lacking & PODS) != 0) {
            reasons.add("Too many pods");
        }
        if ((lacking & CPU) != 0) {
            reasons.add("Insufficient cpu");
        }
        if ((lacking & MEMORY) != 0) {
            reasons.add("Insufficient memory");
        }
        if ((lacking & EPHEMERAL_STORAGE) != 0) {
            reasons.add("Insufficient ephemeral-storage");
        }
        others.forEach(name -> reasons.add("Insufficient " + name));
        return new Verdict.Unfit(NAME, reasons, (lacking & NEVER) == 0);
    }

    private final ScoringStrategy strategy;
    private final Set<String> ignoredResources;
    private final Set<String> ignoredGroups;

    public NodeResourcesFitPlugin() {
        this(ScoringStrategy.DEFAULT, Set.of(), Set.of());
    }

    /**
     * Configured.
     *
     * @param ignoredResources names of extended resources that are not looked at
     * @param ignoredGroups what stands before the slash in the names of others
     */
    public NodeResourcesFitPlugin(ScoringStrategy strategy, Set<String> ignoredResources, Set<String> ignoredGroups) {
        this.strategy = strategy;
        this.ignoredResources = Set.copyOf(ignoredResources);
        this.ignoredGroups = Set.copyOf(ignoredGroups);
    }

    /** The same, not looking at these extended resources either. */
    public NodeResourcesFitPlugin alsoIgnoring(Set<String> resources) {
        Set<String> all = new HashSet<>(ignoredResources);
        all.addAll(resources);
        return new NodeResourcesFitPlugin(strategy, all, ignoredGroups);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        Resources wanted = pod.requests().total();
        long milliCpu = wanted.milliCpu();
        long memory = wanted.memory();
        long ephemeralStorage = wanted.ephemeralStorage();
        if (wanted.others().isEmpty()) {
            return node -> LACKING[lacking(node, milliCpu, memory, ephemeralStorage)];
        }
        Map<String, Long> others = new TreeMap<>(wanted.others());
        others.keySet().removeIf(this::ignored);
        Set<String> devices = new HashSet<>(others.keySet());
        devices.removeIf(name -> snapshot.devices().classFor(name) == null);
        return node -> withOthers(node, lacking(node, milliCpu, memory, ephemeralStorage), others, devices);
    }

    private boolean ignored(String resource) {
        int slash = resource.indexOf('/');
        return ignoredResources.contains(resource)
                || (slash > 0 && ignoredGroups.contains(resource.substring(0, slash)));
    }

    private static int lacking(NodeInfo node, long milliCpu, long memory, long ephemeralStorage) {
        Resources allocatable = node.facts().allocatable();
        Resources requested = node.requested();
        int lacking = node.pods().size() + 1 > node.facts().allowedPods() ? PODS : 0;
        if (milliCpu > 0 && milliCpu > allocatable.milliCpu() - requested.milliCpu()) {
            lacking |= milliCpu > allocatable.milliCpu() ? CPU | NEVER : CPU;
        }
        if (memory > 0 && memory > allocatable.memory() - requested.memory()) {
            lacking |= memory > allocatable.memory() ? MEMORY | NEVER : MEMORY;
        }
        if (ephemeralStorage > 0 && ephemeralStorage > allocatable.ephemeralStorage() - requested.ephemeralStorage()) {
            lacking |=
                    ephemeralStorage > allocatable.ephemeralStorage() ? EPHEMERAL_STORAGE | NEVER : EPHEMERAL_STORAGE;
        }
        return lacking;
    }

    /** Where a node does not have a resource itself, devices may stand behind it: then it is not looked at here. */
    private static Verdict withOthers(
            NodeInfo node, int lackingOfTheThree, Map<String, Long> others, Set<String> devices) {
        int lacking = lackingOfTheThree;
        List<String> lackingOthers = List.of();
        for (Map.Entry<String, Long> entry : others.entrySet()) {
            long wanted = entry.getValue();
            long allocatable = node.facts().allocatable().other(entry.getKey());
            if (allocatable == 0 && devices.contains(entry.getKey())) {
                continue;
            }
            if (wanted > allocatable - node.requested().other(entry.getKey())) {
                if (lackingOthers.isEmpty()) {
                    lackingOthers = new ArrayList<>();
                }
                lackingOthers.add(entry.getKey());
                lacking |= wanted > allocatable ? NEVER : 0;
            }
        }
        return lackingOthers.isEmpty() ? LACKING[lacking] : verdict(lacking, lackingOthers);
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(
                ClusterEvent.NODE_ADDED,
                ClusterEvent.NODE_ALLOCATABLE_CHANGED,
                ClusterEvent.ASSIGNED_POD_CHANGED,
                ClusterEvent.ASSIGNED_POD_REMOVED);
    }

    /** A node must be big enough for the pod, a changed one offer more, and a changed pod take less of what is wanted. */
    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        Resources wanted = pod.requests().total();
        return switch (change.event()) {
            case NODE_ADDED, NODE_ALLOCATABLE_CHANGED -> {
                Optional<NodeFacts> node = change.after(NodeFacts.class);
                Optional<NodeFacts> before = change.before(NodeFacts.class);
                yield node.isEmpty()
                        // Of extended resources it is not known here whether devices stand behind them.
                        || (wanted.lacking(node.get().allocatable()).stream()
                                        .allMatch(name -> name.contains("/") || ignored(name))
                                && (before.isEmpty() || offersMore(wanted, before.get(), node.get())));
            }
            case ASSIGNED_POD_CHANGED -> {
                Optional<PodInfo> before = change.before(PodInfo.class);
                Optional<PodInfo> after = change.after(PodInfo.class);
                yield before.isEmpty()
                        || after.isEmpty()
                        || wanted.anyLess(
                                after.get().requests().total(),
                                before.get().requests().total());
            }
            default -> true;
        };
    }

    private static boolean offersMore(Resources wanted, NodeFacts before, NodeFacts now) {
        return now.allowedPods() > before.allowedPods() || wanted.anyLess(before.allocatable(), now.allocatable());
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        return strategy.equals(ScoringStrategy.DEFAULT)
                ? leastAllocated(pod.requests())
                : strategy.scorer(pod.requests());
    }

    /**
     * The default, which most clusters use and so is worth its own lines: the mean of the free shares of CPU and memory,
     * in percent.
     */
    private static NodeScorer leastAllocated(PodRequests requests) {
        return node -> {
            Resources allocatable = node.facts().allocatable();
            int kinds = 0;
            long sum = 0;
            if (allocatable.milliCpu() > 0) {
                kinds++;
                sum += freeShare(allocatable.milliCpu(), node.scoredMilliCpu() + requests.scoredMilliCpu());
            }
            if (allocatable.memory() > 0) {
                kinds++;
                sum += freeShare(allocatable.memory(), node.scoredMemory() + requests.scoredMemory());
            }
            return kinds == 0 ? 0 : sum / kinds;
        };
    }

    private static long freeShare(long capacity, long requested) {
        return requested > capacity ? 0 : (capacity - requested) * MAX_SCORE / capacity;
    }
}
