package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTerm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which other pods a pod wants near it, and which not.
 *
 * @param required must be near
 * @param requiredAnti must not be near
 * @param preferred had better be near, by weight
 * @param preferredAnti had better not be near, by weight
 */
public record PodAffinities(
        List<AffinityTerm> required,
        List<AffinityTerm> requiredAnti,
        List<AffinityTerm> preferred,
        List<AffinityTerm> preferredAnti) {

    public static final PodAffinities NONE = new PodAffinities(List.of(), List.of(), List.of(), List.of());

    public PodAffinities {
        required = List.copyOf(required);
        requiredAnti = List.copyOf(requiredAnti);
        preferred = List.copyOf(preferred);
        preferredAnti = List.copyOf(preferredAnti);
    }

    static PodAffinities of(@Nullable Affinity affinity, String namespace, Map<String, String> labels) {
        if (affinity == null || (affinity.getPodAffinity() == null && affinity.getPodAntiAffinity() == null)) {
            return NONE;
        }
        List<AffinityTerm> required = List.of();
        List<AffinityTerm> preferred = List.of();
        if (affinity.getPodAffinity() != null) {
            required = terms(
                    affinity.getPodAffinity().getRequiredDuringSchedulingIgnoredDuringExecution(), namespace, labels);
            preferred = weighted(
                    affinity.getPodAffinity().getPreferredDuringSchedulingIgnoredDuringExecution(), namespace, labels);
        }
        List<AffinityTerm> requiredAnti = List.of();
        List<AffinityTerm> preferredAnti = List.of();
        if (affinity.getPodAntiAffinity() != null) {
            requiredAnti = terms(
                    affinity.getPodAntiAffinity().getRequiredDuringSchedulingIgnoredDuringExecution(),
                    namespace,
                    labels);
            preferredAnti = weighted(
                    affinity.getPodAntiAffinity().getPreferredDuringSchedulingIgnoredDuringExecution(),
                    namespace,
                    labels);
        }
        return new PodAffinities(required, requiredAnti, preferred, preferredAnti);
    }

    private static List<AffinityTerm> terms(List<PodAffinityTerm> terms, String namespace, Map<String, String> labels) {
        List<AffinityTerm> read = new ArrayList<>(terms.size());
        terms.forEach(term -> read.add(AffinityTerm.of(term, 0, namespace, labels)));
        return read;
    }

    private static List<AffinityTerm> weighted(
            List<WeightedPodAffinityTerm> terms, String namespace, Map<String, String> labels) {
        List<AffinityTerm> read = new ArrayList<>(terms.size());
        terms.forEach(
                term -> read.add(AffinityTerm.of(term.getPodAffinityTerm(), term.getWeight(), namespace, labels)));
        return read;
    }

    /** Whether the pod wants nothing of other pods. */
    public boolean isEmpty() {
        return required.isEmpty() && requiredAnti.isEmpty() && preferred.isEmpty() && preferredAnti.isEmpty();
    }
}
