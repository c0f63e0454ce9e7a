package io.mokube.scheduler.volumes;

import io.fabric8.kubernetes.api.model.TopologySelectorLabelRequirement;
import io.fabric8.kubernetes.api.model.TopologySelectorTerm;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What scheduling needs to know of a StorageClass.
 *
 * @param waitsForPod whether its claims are bound only when a pod that uses them is placed
 * @param topologies where its volumes may be made: one of these must hold, each by values of labels; empty for everywhere
 */
public record ClassFacts(
        String name, String provisioner, boolean waitsForPod, List<Map<String, Set<String>>> topologies) {

    private static final String NO_PROVISIONER = "kubernetes.io/no-provisioner";

    public ClassFacts {
        topologies = List.copyOf(topologies);
    }

    public static ClassFacts of(StorageClass storageClass) {
        List<Map<String, Set<String>>> topologies = new ArrayList<>();
        if (storageClass.getAllowedTopologies() != null) {
            for (TopologySelectorTerm term : storageClass.getAllowedTopologies()) {
                Map<String, Set<String>> labels = new HashMap<>();
                for (TopologySelectorLabelRequirement requirement : term.getMatchLabelExpressions()) {
                    labels.put(requirement.getKey(), Set.copyOf(requirement.getValues()));
                }
                topologies.add(Map.copyOf(labels));
            }
        }
        return new ClassFacts(
                storageClass.getMetadata().getName(),
                ClaimFacts.orEmpty(storageClass.getProvisioner()),
                "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode()),
                topologies);
    }

    /** Whether volumes of this class are made when they are wanted. */
    boolean provisions() {
        return !provisioner.isEmpty() && !provisioner.equals(NO_PROVISIONER);
    }

    /** Whether a volume may be made for a node with these labels. A term without labels allows no node. */
    boolean allows(Map<String, String> nodeLabels) {
        return topologies.isEmpty()
                || topologies.stream()
                        .anyMatch(term -> !term.isEmpty()
                                && term.entrySet().stream().allMatch(label -> {
                                    String value = nodeLabels.get(label.getKey());
                                    return value != null && label.getValue().contains(value);
                                }));
    }
}
