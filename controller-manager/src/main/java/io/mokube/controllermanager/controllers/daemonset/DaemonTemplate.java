package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.placement.RequiredNodes;
import io.mokube.controllermanager.controllers.placement.Tolerations;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The pods of a daemon set: what they tolerate, which node each is for, and which nodes want one. Pure. */
final class DaemonTemplate {

    /** The label that says which revision a pod was made from. */
    static final String HASH_LABEL = "controller-revision-hash";

    private static final String GENERATION = "deprecated.daemonset.template.generation";
    private static final String GENERATION_LABEL = "pod-template-generation";

    private static final List<Toleration> ALWAYS = List.of(
            tolerating("node.kubernetes.io/not-ready", "NoExecute"),
            tolerating("node.kubernetes.io/unreachable", "NoExecute"),
            tolerating("node.kubernetes.io/disk-pressure", "NoSchedule"),
            tolerating("node.kubernetes.io/memory-pressure", "NoSchedule"),
            tolerating("node.kubernetes.io/pid-pressure", "NoSchedule"),
            tolerating("node.kubernetes.io/unschedulable", "NoSchedule"));

    private static final Toleration ON_THE_HOSTS_NETWORK =
            tolerating("node.kubernetes.io/network-unavailable", "NoSchedule");

    private DaemonTemplate() {}

    /** Whether a node is to have a daemon. */
    enum Fit {
        /** It is to have one. */
        WANTED,
        /** It gets none, but keeps the one that it has. */
        KEPT,
        /** It must have none. */
        UNFIT
    }

    /** Whether a node suits; a taint that only keeps pods from coming lets the daemon stay. */
    static Fit fit(DaemonSet set, Node node) {
        PodSpec spec = set.getSpec().getTemplate().getSpec();
        @Nullable String nodeName = spec.getNodeName();
        boolean elsewhere = nodeName != null
                && !nodeName.isEmpty()
                && !nodeName.equals(node.getMetadata().getName());
        if (elsewhere || !RequiredNodes.allow(spec, node)) {
            return Fit.UNFIT;
        }
        List<Toleration> tolerations = tolerations(spec);
        if (tolerates(tolerations, node, Set.of("NoSchedule", "NoExecute"))) {
            return Fit.WANTED;
        }
        return tolerates(tolerations, node, Set.of("NoExecute")) ? Fit.KEPT : Fit.UNFIT;
    }

    /** What a node's daemon is made from; its affinity lets the scheduler bind it to that node alone. */
    static PodTemplateSpec of(DaemonSet set, String hash, String nodeName) {
        PodTemplateSpec template = set.getSpec().getTemplate();
        PodTemplateSpecBuilder daemon = new PodTemplateSpecBuilder(template)
                .editOrNewMetadata()
                .addToLabels(HASH_LABEL, hash)
                .endMetadata()
                .editSpec()
                .withTolerations(tolerations(template.getSpec()))
                .editOrNewAffinity()
                .editOrNewNodeAffinity()
                .withRequiredDuringSchedulingIgnoredDuringExecution(new NodeSelectorBuilder()
                        .withNodeSelectorTerms(RequiredNodes.only(nodeName))
                        .build())
                .endNodeAffinity()
                .endAffinity()
                .endSpec();
        return generation(set)
                .map(generation -> daemon.editMetadata()
                        .addToLabels(GENERATION_LABEL, generation)
                        .endMetadata())
                .orElse(daemon)
                .build();
    }

    /** The node that a pod is on, or else for. */
    static Optional<String> node(Pod pod) {
        @Nullable String bound = pod.getSpec().getNodeName();
        return bound != null && !bound.isEmpty() ? Optional.of(bound) : RequiredNodes.onlyNode(pod.getSpec());
    }

    static boolean isBound(Pod pod) {
        @Nullable String bound = pod.getSpec().getNodeName();
        return bound != null && !bound.isEmpty();
    }

    /** Whether a pod was made from the revision with this hash. */
    static boolean isUpdated(Pod pod, String hash) {
        return hash.equals(Ownership.labels(pod).get(HASH_LABEL));
    }

    private static boolean tolerates(List<Toleration> tolerations, Node node, Set<String> effects) {
        @Nullable NodeSpec spec = node.getSpec();
        @Nullable List<Taint> taints = spec == null ? null : spec.getTaints();
        return taints == null
                || taints.stream()
                        .filter(taint -> effects.contains(taint.getEffect()))
                        .allMatch(taint -> Tolerations.tolerate(tolerations, taint));
    }

    /** The template's tolerations and those that every daemon has, each once. */
    private static List<Toleration> tolerations(PodSpec spec) {
        List<Toleration> all = new ArrayList<>();
        @Nullable List<Toleration> own = spec.getTolerations();
        if (own != null) {
            all.addAll(own);
        }
        List<Toleration> added = new ArrayList<>(ALWAYS);
        if (Boolean.TRUE.equals(spec.getHostNetwork())) {
            added.add(ON_THE_HOSTS_NETWORK);
        }
        for (Toleration toleration : added) {
            // One for the same taint would bound the time; daemons stay for good.
            all.removeIf(other -> isFor(other, toleration));
            all.add(toleration);
        }
        return all;
    }

    private static boolean isFor(Toleration one, Toleration other) {
        return Objects.equals(one.getKey(), other.getKey())
                && Objects.equals(one.getEffect(), other.getEffect())
                && Objects.equals(one.getOperator(), other.getOperator());
    }

    private static Toleration tolerating(String key, String effect) {
        Toleration toleration = new Toleration();
        toleration.setKey(key);
        toleration.setOperator("Exists");
        toleration.setEffect(effect);
        return toleration;
    }

    private static Optional<String> generation(DaemonSet set) {
        return Optional.ofNullable(Ownership.annotations(set).get(GENERATION))
                .filter(generation -> generation.matches("[0-9]+"));
    }
}
