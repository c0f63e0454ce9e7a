package io.mokube.benchmarks;

import java.util.List;

/**
 * A case of Kubernetes' own scheduler benchmark ({@code test/integration/scheduler_perf}) at 5,000 nodes, its pods and what
 * is asked of kube-scheduler there. Other sizes have proportionally many nodes and pods that stand there before.
 *
 * @param threshold the pods a second below which Kubernetes' own test fails; 0 where it states none
 * @param zones the zones that nodes are in by turns; none without
 * @param standing which pods stand there before, and how many of each
 * @param measured the pods that are measured
 * @param beside what else happens meanwhile
 * @param every once for how many measured pods
 */
record SchedulingCase(
        String name,
        int threshold,
        List<String> zones,
        List<PodShape> standing,
        int standingOfEach,
        PodShape measured,
        int measuredPods,
        Beside beside,
        int every) {

    /** What happens beside the pods that are measured. */
    enum Beside {
        NOTHING,
        /** A pod comes that takes others' place. */
        PREEMPTION,
        /** A pod comes that fits nowhere. */
        UNSCHEDULABLE,
        /** A node comes or goes, and a pod that fits nowhere. */
        CHURN,
        /** A standing pod goes, while half as many as stood there wait for their gates to open. */
        DELETION
    }

    private static final List<String> ONE_ZONE = List.of("zone1");
    private static final List<String> THREE_ZONES = List.of("moon-1", "moon-2", "moon-3");

    /** How many nodes the numbers of each case are for. */
    static final int NODES = 5000;

    /** Intervals in the original are of time; at its threshold so many pods are scheduled meanwhile. */
    static final List<SchedulingCase> ALL = List.of(
            plain("SchedulingBasic", 680, List.of(), List.of(PodShape.DEFAULT), 1000, PodShape.DEFAULT, 10_000),
            plain(
                    "SchedulingPodAntiAffinity",
                    60,
                    List.of(),
                    List.of(PodShape.POD_ANTI_AFFINITY),
                    1000,
                    PodShape.POD_ANTI_AFFINITY,
                    2000),
            plain(
                    "SchedulingPodMatchingAntiAffinity",
                    595,
                    List.of(),
                    List.of(PodShape.POD_ANTI_AFFINITY),
                    1000,
                    PodShape.GREEN,
                    5000),
            plain(
                    "SchedulingPodAffinity",
                    35,
                    ONE_ZONE,
                    List.of(PodShape.POD_AFFINITY),
                    5000,
                    PodShape.POD_AFFINITY,
                    5000),
            plain(
                    "SchedulingPreferredPodAffinity",
                    90,
                    List.of(),
                    List.of(PodShape.PREFERRED_POD_AFFINITY),
                    5000,
                    PodShape.PREFERRED_POD_AFFINITY,
                    5000),
            plain(
                    "SchedulingPreferredPodAntiAffinity",
                    90,
                    List.of(),
                    List.of(PodShape.PREFERRED_POD_ANTI_AFFINITY),
                    5000,
                    PodShape.PREFERRED_POD_ANTI_AFFINITY,
                    5000),
            plain(
                    "SchedulingNodeAffinity",
                    220,
                    ONE_ZONE,
                    List.of(PodShape.NODE_AFFINITY),
                    5000,
                    PodShape.NODE_AFFINITY,
                    10_000),
            plain(
                    "MixedSchedulingBasePod",
                    140,
                    ONE_ZONE,
                    List.of(
                            PodShape.DEFAULT,
                            PodShape.POD_AFFINITY,
                            PodShape.POD_ANTI_AFFINITY,
                            PodShape.PREFERRED_POD_AFFINITY,
                            PodShape.PREFERRED_POD_ANTI_AFFINITY),
                    2000,
                    PodShape.DEFAULT,
                    5000),
            plain("TopologySpreading", 460, THREE_ZONES, List.of(PodShape.DEFAULT), 5000, PodShape.SPREADING, 5000),
            plain(
                    "PreferredTopologySpreading",
                    340,
                    THREE_ZONES,
                    List.of(PodShape.DEFAULT),
                    5000,
                    PodShape.PREFERRED_SPREADING,
                    5000),
            plain(
                    "PreemptionBasic",
                    0,
                    List.of(),
                    List.of(PodShape.LOW_PRIORITY),
                    20_000,
                    PodShape.HIGH_PRIORITY,
                    5000),
            new SchedulingCase(
                    "PreemptionAsync",
                    570,
                    List.of(),
                    List.of(PodShape.LOW_PRIORITY),
                    20_000,
                    PodShape.DEFAULT,
                    5000,
                    Beside.PREEMPTION,
                    114),
            new SchedulingCase(
                    "Unschedulable",
                    600,
                    List.of(),
                    List.of(PodShape.DEFAULT),
                    20_000,
                    PodShape.DEFAULT,
                    10_000,
                    Beside.UNSCHEDULABLE,
                    120),
            new SchedulingCase(
                    "SchedulingWithMixedChurn",
                    710,
                    List.of(),
                    List.of(),
                    0,
                    PodShape.DEFAULT,
                    10_000,
                    Beside.CHURN,
                    710),
            // The original has a single node for all of them.
            new SchedulingCase(
                    "SchedulingWhileGated",
                    910,
                    List.of(),
                    List.of(PodShape.LIGHT),
                    20_000,
                    PodShape.LIGHT,
                    10_000,
                    Beside.DELETION,
                    18),
            plain("SchedulingDaemonset", 1100, List.of(), List.of(), 0, PodShape.DAEMON, 10_000));

    private static SchedulingCase plain(
            String name,
            int threshold,
            List<String> zones,
            List<PodShape> standing,
            int standingOfEach,
            PodShape measured,
            int measuredPods) {
        return new SchedulingCase(
                name, threshold, zones, standing, standingOfEach, measured, measuredPods, Beside.NOTHING, 1);
    }

    /** How many pods of each standing shape there are in a cluster of this size. */
    int standingOfEach(int nodes) {
        return (int) ((long) standingOfEach * nodes / NODES);
    }

    /** How many pods are measured in a cluster of this size: fewer in larger ones too, where each takes longer. */
    int measuredPods(int nodes) {
        return (int) ((long) measuredPods * Math.min(nodes, NODES) / Math.max(nodes, NODES));
    }
}
