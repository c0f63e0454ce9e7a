package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.mokube.machinery.selector.LabelSelector;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Other pods, and the node label within one value of which they are near.
 *
 * @param selector the labels of these pods; empty when there are none
 * @param namespaces the namespaces they are in, besides those that are selected
 * @param namespaceSelector further namespaces, by their labels
 * @param weight how much a preference counts, 0 for a requirement
 */
public record AffinityTerm(
        String topologyKey,
        Optional<LabelSelector> selector,
        Set<String> namespaces,
        Optional<LabelSelector> namespaceSelector,
        int weight) {

    public AffinityTerm {
        namespaces = Set.copyOf(namespaces);
    }

    static AffinityTerm of(PodAffinityTerm term, int weight, String podNamespace, Map<String, String> podLabels) {
        Set<String> namespaces = new HashSet<>(term.getNamespaces());
        Optional<LabelSelector> namespaceSelector = Selectors.of(term.getNamespaceSelector());
        if (namespaces.isEmpty() && term.getNamespaceSelector() == null) {
            namespaces.add(podNamespace);
        }
        return new AffinityTerm(
                term.getTopologyKey(),
                Selectors.of(term.getLabelSelector())
                        .map(stated -> Selectors.withKeys(
                                stated, term.getMatchLabelKeys(), term.getMismatchLabelKeys(), podLabels)),
                namespaces,
                namespaceSelector,
                weight);
    }

    /** Whether the term is about this pod. */
    public boolean matches(PodInfo pod, Snapshot snapshot) {
        return matches(pod.key().namespace(), pod.labels(), snapshot);
    }

    /** Whether the term is about the pods with these labels in a namespace. */
    public boolean matches(String namespace, Map<String, String> labels, Snapshot snapshot) {
        return selector.isPresent()
                && (namespaces.contains(namespace) || selects(namespace, snapshot))
                && selector.get().matches(labels);
    }

    /** Whether the term may be about this pod, whatever the labels of the pod's namespace are. */
    public boolean mayMatch(PodInfo pod) {
        return selector.isPresent()
                && (namespaceSelector.isPresent()
                        || namespaces.contains(pod.key().namespace()))
                && selector.get().matches(pod.labels());
    }

    private boolean selects(String namespace, Snapshot snapshot) {
        return namespaceSelector.isPresent() && namespaceSelector.get().matches(snapshot.namespaceLabels(namespace));
    }
}
