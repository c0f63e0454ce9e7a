package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PodAffinityTermBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTerm;
import java.util.Map;

/** The pods of Kubernetes' own scheduler benchmark ({@code test/integration/scheduler_perf/templates}). */
enum PodShape {
    DEFAULT("100m", 0),
    LOW_PRIORITY("900m", 0),
    HIGH_PRIORITY("3", 10),
    /** Fits no node, and asks whether taking pods away would help. */
    HIGH_PRIORITY_LARGE("9", 10),
    /** Without requests. */
    LIGHT("", 0),
    GATED("", 0) {
        @Override
        void particulars(PodBuilder pod) {
            pod.editSpec().addNewSchedulingGate("test.k8s.io/hold").endSpec();
        }
    },
    /** As those of a DaemonSet: its affinity names one node. */
    DAEMON("", 0) {
        @Override
        void particulars(PodBuilder pod) {
            pod.editSpec()
                    .editOrNewAffinity()
                    .editOrNewNodeAffinity()
                    .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                    .addNewNodeSelectorTerm()
                    .addNewMatchField()
                    .withKey("metadata.name")
                    .withOperator("In")
                    .withValues(NAMED_NODE)
                    .endMatchField()
                    .endNodeSelectorTerm()
                    .endRequiredDuringSchedulingIgnoredDuringExecution()
                    .endNodeAffinity()
                    .endAffinity()
                    .endSpec();
        }
    },
    NODE_AFFINITY("100m", 0) {
        @Override
        void particulars(PodBuilder pod) {
            pod.editSpec()
                    .editOrNewAffinity()
                    .editOrNewNodeAffinity()
                    .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                    .addNewNodeSelectorTerm()
                    .addNewMatchExpression()
                    .withKey(ZONE)
                    .withOperator("In")
                    .withValues("zone1", "zone2")
                    .endMatchExpression()
                    .endNodeSelectorTerm()
                    .endRequiredDuringSchedulingIgnoredDuringExecution()
                    .endNodeAffinity()
                    .endAffinity()
                    .endSpec();
        }
    },
    POD_AFFINITY("100m", 0) {
        @Override
        void particulars(PodBuilder pod) {
            coloured(pod, "blue")
                    .editSpec()
                    .editOrNewAffinity()
                    .editOrNewPodAffinity()
                    .addToRequiredDuringSchedulingIgnoredDuringExecution(near("blue", ZONE))
                    .endPodAffinity()
                    .endAffinity()
                    .endSpec();
        }
    },
    POD_ANTI_AFFINITY("100m", 0) {
        @Override
        void particulars(PodBuilder pod) {
            coloured(pod, "green")
                    .editSpec()
                    .editOrNewAffinity()
                    .editOrNewPodAntiAffinity()
                    .addToRequiredDuringSchedulingIgnoredDuringExecution(near("green", HOSTNAME))
                    .endPodAntiAffinity()
                    .endAffinity()
                    .endSpec();
        }
    },
    /** Wants nothing itself; pods with anti-affinity do not want it near. */
    GREEN("100m", 0) {
        @Override
        void particulars(PodBuilder pod) {
            coloured(pod, "green");
        }
    },
    PREFERRED_POD_AFFINITY("100m", 0) {
        @Override
        void particulars(PodBuilder pod) {
            coloured(pod, "red")
                    .editSpec()
                    .editOrNewAffinity()
                    .editOrNewPodAffinity()
                    .addToPreferredDuringSchedulingIgnoredDuringExecution(
                            new WeightedPodAffinityTerm(near("red", HOSTNAME), 1))
                    .endPodAffinity()
                    .endAffinity()
                    .endSpec();
        }
    },
    PREFERRED_POD_ANTI_AFFINITY("100m", 0) {
        @Override
        void particulars(PodBuilder pod) {
            coloured(pod, "yellow")
                    .editSpec()
                    .editOrNewAffinity()
                    .editOrNewPodAntiAffinity()
                    .addToPreferredDuringSchedulingIgnoredDuringExecution(
                            new WeightedPodAffinityTerm(near("yellow", HOSTNAME), 1))
                    .endPodAntiAffinity()
                    .endAffinity()
                    .endSpec();
        }
    },
    SPREADING("100m", 0) {
        @Override
        void particulars(PodBuilder pod) {
            spread(pod, "DoNotSchedule");
        }
    },
    PREFERRED_SPREADING("100m", 0) {
        @Override
        void particulars(PodBuilder pod) {
            spread(pod, "ScheduleAnyway");
        }
    };

    static final String ZONE = "topology.kubernetes.io/zone";
    static final String HOSTNAME = "kubernetes.io/hostname";
    static final String NAMED_NODE = "scheduler-perf-node";

    private final String cpu;
    private final int priority;

    PodShape(String cpu, int priority) {
        this.cpu = cpu;
        this.priority = priority;
    }

    /** Adds what this shape has beyond requests and priority. */
    void particulars(PodBuilder pod) {}

    /** A pod of this shape, as a client would create it. */
    Pod pod(String namespace, String name) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withPriority(priority)
                .addNewContainer()
                .withName("pause")
                .withImage("registry.k8s.io/pause:3.10")
                .withNewResources()
                .withRequests(
                        cpu.isEmpty() ? Map.of() : Map.of("cpu", new Quantity(cpu), "memory", new Quantity("500Mi")))
                .endResources()
                .endContainer()
                .endSpec();
        particulars(pod);
        return pod.build();
    }

    private static PodBuilder coloured(PodBuilder pod, String colour) {
        return pod.editMetadata().addToLabels("color", colour).endMetadata();
    }

    private static LabelSelector selector(String colour) {
        return new LabelSelectorBuilder().addToMatchLabels("color", colour).build();
    }

    private static PodAffinityTerm near(String colour, String key) {
        return new PodAffinityTermBuilder()
                .withLabelSelector(selector(colour))
                .withTopologyKey(key)
                .withNamespaces("sched-1", "sched-0")
                .build();
    }

    private static void spread(PodBuilder pod, String whenUnsatisfiable) {
        coloured(pod, "blue")
                .editSpec()
                .addNewTopologySpreadConstraint()
                .withMaxSkew(5)
                .withTopologyKey(ZONE)
                .withWhenUnsatisfiable(whenUnsatisfiable)
                .withLabelSelector(selector("blue"))
                .endTopologySpreadConstraint()
                .endSpec();
    }
}
