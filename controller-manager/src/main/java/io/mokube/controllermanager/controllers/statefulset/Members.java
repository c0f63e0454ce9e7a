package io.mokube.controllermanager.controllers.statefulset;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetOrdinals;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A set's pods and claims by their ordinals: names, labels, what a new one looks like. Pure. */
final class Members {

    static final String REVISION = "controller-revision-hash";
    static final String POD_NAME = "statefulset.kubernetes.io/pod-name";
    static final String POD_INDEX = "apps.kubernetes.io/pod-index";

    private Members() {}

    /** The lowest ordinal of the set. */
    static int first(StatefulSet set) {
        @Nullable StatefulSetOrdinals ordinals = set.getSpec().getOrdinals();
        return ordinals == null ? 0 : orZero(ordinals.getStart());
    }

    /** The ordinal after the highest of the set. */
    static int end(StatefulSet set) {
        return Math.clamp((long) first(set) + replicas(set), 0, Integer.MAX_VALUE);
    }

    static int replicas(StatefulSet set) {
        @Nullable Integer replicas = set.getSpec().getReplicas();
        return replicas == null ? 1 : replicas;
    }

    static boolean isInRange(StatefulSet set, int ordinal) {
        return ordinal >= first(set) && ordinal < end(set);
    }

    static String podName(StatefulSet set, int ordinal) {
        return set.getMetadata().getName() + "-" + ordinal;
    }

    static String claimName(StatefulSet set, PersistentVolumeClaim template, int ordinal) {
        return template.getMetadata().getName() + "-" + podName(set, ordinal);
    }

    /** The ordinal in a pod's name; empty when the name is none that the set gives. */
    static OptionalInt ordinal(StatefulSet set, String podName) {
        String prefix = set.getMetadata().getName() + "-";
        if (!podName.startsWith(prefix)) {
            return OptionalInt.empty();
        }
        try {
            int ordinal = Integer.parseInt(podName.substring(prefix.length()));
            // No two names for one ordinal: neither "+1" nor "01".
            return podName(set, ordinal).equals(podName) && ordinal >= 0
                    ? OptionalInt.of(ordinal)
                    : OptionalInt.empty();
        } catch (NumberFormatException e) {
            return OptionalInt.empty();
        }
    }

    /** Whether a claim of this name belongs to one of the set's ordinals, in its range or not. */
    static boolean ownsClaim(StatefulSet set, String claimName) {
        return claimTemplates(set).stream().anyMatch(template -> {
            String prefix = template.getMetadata().getName() + "-";
            return claimName.startsWith(prefix)
                    && ordinal(set, claimName.substring(prefix.length())).isPresent();
        });
    }

    static List<PersistentVolumeClaim> claimTemplates(StatefulSet set) {
        @Nullable List<PersistentVolumeClaim> templates = set.getSpec().getVolumeClaimTemplates();
        return templates == null ? List.of() : templates;
    }

    /** The name of the revision a pod was made from, {@code ""} when it says none. */
    static String revision(Pod pod) {
        return Ownership.labels(pod).getOrDefault(REVISION, "");
    }

    /** The pod of an ordinal, made from a revision. */
    static Pod pod(StatefulSet set, Revision revision, int ordinal) {
        PodTemplateSpec template = revision.template();
        String name = podName(set, ordinal);
        PodBuilder pod = new PodBuilder()
                .withMetadata(template.getMetadata())
                .editOrNewMetadata()
                .withNamespace(Ownership.namespace(set))
                .withName(name)
                .withGenerateName(set.getMetadata().getName() + "-")
                .withOwnerReferences(Ownership.controllerReference(set))
                .endMetadata()
                .withSpec(template.getSpec())
                .editOrNewSpec()
                .withHostname(name)
                .withSubdomain(set.getSpec().getServiceName())
                .withVolumes(volumes(set, template, ordinal))
                .endSpec();
        Map<String, String> labels = new HashMap<>(Ownership.labels(pod.build()));
        labels.putAll(identity(name, ordinal));
        labels.put(REVISION, revision.name());
        return pod.editMetadata().withLabels(labels).endMetadata().build();
    }

    /** The labels that tell a member by. */
    static Map<String, String> identity(String podName, int ordinal) {
        return Map.of(POD_NAME, podName, POD_INDEX, Integer.toString(ordinal));
    }

    /** The claims of an ordinal, as their templates want them. */
    static List<PersistentVolumeClaim> claims(StatefulSet set, int ordinal) {
        return claimTemplates(set).stream()
                .map(template -> new PersistentVolumeClaimBuilder(template)
                        .editMetadata()
                        .withNamespace(Ownership.namespace(set))
                        .withName(claimName(set, template, ordinal))
                        .addToLabels(set.getSpec().getSelector().getMatchLabels())
                        .withOwnerReferences(ClaimOwners.ofNewClaim(set))
                        .endMetadata()
                        .build())
                .toList();
    }

    /** The template's volumes, of which those that have a claim's name give way to the claim. */
    private static List<Volume> volumes(StatefulSet set, PodTemplateSpec template, int ordinal) {
        List<Volume> volumes = new ArrayList<>();
        for (PersistentVolumeClaim claim : claimTemplates(set)) {
            volumes.add(new VolumeBuilder()
                    .withName(claim.getMetadata().getName())
                    .withNewPersistentVolumeClaim()
                    .withClaimName(claimName(set, claim, ordinal))
                    .endPersistentVolumeClaim()
                    .build());
        }
        Set<String> taken = volumes.stream().map(Volume::getName).collect(Collectors.toSet());
        template.getSpec().getVolumes().stream()
                .filter(volume -> !taken.contains(volume.getName()))
                .forEach(volumes::add);
        return volumes;
    }
}
