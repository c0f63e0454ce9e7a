package io.mokube.kubelet.pods;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Facts about a pod that follow from its object. */
public final class PodFacts {

    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(30);
    private static final long MIN_CPU_SHARES = 2;
    private static final long MAX_CPU_SHARES = 262_144;

    /** The priority from which on pods are the system's own. */
    public static final int SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

    /** Where a static pod comes from, such as {@code file}. */
    public static final String CONFIG_SOURCE = "kubernetes.io/config.source";

    /** What a static pod was made from. */
    public static final String CONFIG_HASH = "kubernetes.io/config.hash";

    /** On the object that shows a static pod: what that was made from. */
    public static final String CONFIG_MIRROR = "kubernetes.io/config.mirror";

    private PodFacts() {}

    public static String uid(Pod pod) {
        return pod.getMetadata().getUid();
    }

    public static ObjectKey key(Pod pod) {
        return new ObjectKey(pod.getMetadata().getNamespace(), pod.getMetadata().getName());
    }

    /** The form of names in messages: {@code name_namespace(uid)}. */
    public static String title(Pod pod) {
        return pod.getMetadata().getName() + "_" + pod.getMetadata().getNamespace() + "(" + uid(pod) + ")";
    }

    public static boolean hostNetwork(Pod pod) {
        return Boolean.TRUE.equals(pod.getSpec().getHostNetwork());
    }

    public static boolean beingDeleted(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    /** Whether two objects of one pod tell the same but for the status, and what the API server notes about every write. */
    public static boolean sameButForStatus(Pod one, Pod other) {
        ObjectMeta mine = one.getMetadata();
        ObjectMeta theirs = other.getMetadata();
        return Objects.equals(mine.getUid(), theirs.getUid())
                && Objects.equals(mine.getDeletionTimestamp(), theirs.getDeletionTimestamp())
                && Objects.equals(mine.getDeletionGracePeriodSeconds(), theirs.getDeletionGracePeriodSeconds())
                && Objects.equals(mine.getLabels(), theirs.getLabels())
                && Objects.equals(mine.getAnnotations(), theirs.getAnnotations())
                && Objects.equals(mine.getFinalizers(), theirs.getFinalizers())
                && Objects.equals(one.getSpec(), other.getSpec());
    }

    /** How long the pod's containers may take to end: what the deletion says, else the pod itself. Never below a second. */
    public static Duration gracePeriod(Pod pod) {
        Long deletion = pod.getMetadata().getDeletionGracePeriodSeconds();
        Long own = pod.getSpec().getTerminationGracePeriodSeconds();
        Duration grace = deletion != null && beingDeleted(pod)
                ? Duration.ofSeconds(deletion)
                : own != null ? Duration.ofSeconds(own) : DEFAULT_GRACE;
        return grace.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : grace;
    }

    /** Always, OnFailure or Never. */
    public static String restartPolicy(Pod pod) {
        return Objects.requireNonNullElse(pod.getSpec().getRestartPolicy(), "Always");
    }

    /** Guaranteed, Burstable or BestEffort, from the containers' requests and limits of cpu and memory. */
    public static String qosClass(Pod pod) {
        boolean any = false;
        boolean guaranteed = true;
        List<Container> containers = new ArrayList<>(pod.getSpec().getInitContainers());
        containers.addAll(pod.getSpec().getContainers());
        for (Container container : containers) {
            ResourceRequirements resources = container.getResources();
            for (String resource : List.of("cpu", "memory")) {
                long limit = amount(resources == null ? null : resources.getLimits(), resource);
                long request = amount(resources == null ? null : resources.getRequests(), resource);
                any |= limit > 0 || request > 0;
                guaranteed &= limit > 0 && (request == 0 || request == limit);
            }
        }
        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }

    /** An amount in thousandths; 0 when absent. */
    public static long amount(@Nullable Map<String, Quantity> amounts, String resource) {
        Quantity quantity = amounts == null ? null : amounts.get(resource);
        return quantity == null
                ? 0
                : io.mokube.machinery.quantity.Quantity.parse(quantity.toString())
                        .milliValue();
    }

    /** Linux' CPU weight for a request in thousandths of a core. */
    public static long cpuShares(long milliCpu) {
        return Math.clamp(milliCpu * 1024 / 1000, MIN_CPU_SHARES, MAX_CPU_SHARES);
    }

    /** Whether the status is that of a pod that never runs again. */
    public static boolean ended(@Nullable PodStatus status) {
        return status != null && ("Succeeded".equals(status.getPhase()) || "Failed".equals(status.getPhase()));
    }

    /** The pod's priority; 0 when it has none. */
    public static int priority(Pod pod) {
        return Objects.requireNonNullElse(pod.getSpec().getPriority(), 0);
    }

    /** Whether the pod comes from a file of the node, not from the API server. */
    public static boolean isStatic(Pod pod) {
        String source = annotation(pod, CONFIG_SOURCE);
        return !source.isEmpty() && !source.equals("api");
    }

    /** Whether the pod's object only shows a static pod of the node. */
    public static boolean isMirror(Pod pod) {
        return !annotation(pod, CONFIG_MIRROR).isEmpty();
    }

    private static String annotation(Pod pod, String name) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return annotations == null ? "" : annotations.getOrDefault(name, "");
    }

    /** Whether the node must not do without the pod: static pods, and those whose priority is the system's. */
    public static boolean isCritical(Pod pod) {
        return isStatic(pod) || isMirror(pod) || priority(pod) >= SYSTEM_CRITICAL_PRIORITY;
    }

    /** The host name inside the pod. */
    public static String hostname(Pod pod) {
        String own = pod.getSpec().getHostname();
        String name = own == null || own.isEmpty() ? pod.getMetadata().getName() : own;
        return name.length() > 63 ? name.substring(0, 63).replaceAll("[-.]+$", "") : name;
    }

    /** Changes when a running container must be replaced for its specification to hold: only the image can change. */
    public static String containerHash(Container container) {
        return Integer.toHexString(Objects.hash(container.getName(), container.getImage()));
    }
}
