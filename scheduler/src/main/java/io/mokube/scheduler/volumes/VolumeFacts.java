package io.mokube.scheduler.volumes;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeRequirement;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What scheduling needs to know of a PersistentVolume.
 *
 * @param resourceVersion the version these facts were read from
 * @param available whether the volume controller says that nobody has it
 * @param claim the claim it is for; empty for none
 * @param claimUid {@code ""} when the volume names its claim by name alone
 * @param className {@code ""} for none
 * @param bytes how much it holds
 * @param nodes the node selector's terms of which one must hold; empty when it can be used from everywhere
 * @param zones its zone and region labels, each with the values it names
 * @param driver the CSI driver that attaches it, {@code ""} when there is none
 * @param handle the driver's name of the volume
 */
public record VolumeFacts(
        String name,
        String uid,
        String resourceVersion,
        boolean terminating,
        boolean available,
        Optional<ObjectKey> claim,
        String claimUid,
        String className,
        long bytes,
        List<String> accessModes,
        String volumeMode,
        String attributesClass,
        Map<String, String> labels,
        Optional<List<NodeRequirement>> nodes,
        Map<String, Set<String>> zones,
        String driver,
        String handle) {

    private static final String OLD_CLASS = "volume.beta.kubernetes.io/storage-class";

    /** The label keys that say in which part of the world a volume can be used, old and new. */
    static final List<String> ZONE_LABELS = List.of(
            "failure-domain.beta.kubernetes.io/zone",
            "failure-domain.beta.kubernetes.io/region",
            "topology.kubernetes.io/zone",
            "topology.kubernetes.io/region");

    static final String HOSTNAME = "kubernetes.io/hostname";

    private static final String ZONE_SEPARATOR = "__";

    public VolumeFacts {
        accessModes = List.copyOf(accessModes);
        labels = Map.copyOf(labels);
        zones = Map.copyOf(zones);
    }

    public static VolumeFacts of(PersistentVolume volume) {
        ObjectMeta metadata = volume.getMetadata();
        PersistentVolumeSpec spec = volume.getSpec();
        ObjectReference claim = spec.getClaimRef();
        Map<String, String> labels = ClaimFacts.orEmpty(metadata.getLabels());
        String oldClass = ClaimFacts.orEmpty(metadata.getAnnotations()).get(OLD_CLASS);
        Optional<List<NodeRequirement>> nodes =
                spec.getNodeAffinity() == null || spec.getNodeAffinity().getRequired() == null
                        ? Optional.empty()
                        : Optional.of(spec.getNodeAffinity().getRequired().getNodeSelectorTerms().stream()
                                .map(NodeRequirement::of)
                                .toList());
        return new VolumeFacts(
                metadata.getName(),
                ClaimFacts.orEmpty(metadata.getUid()),
                ClaimFacts.orEmpty(metadata.getResourceVersion()),
                metadata.getDeletionTimestamp() != null,
                volume.getStatus() != null
                        && "Available".equals(volume.getStatus().getPhase()),
                claim == null
                        ? Optional.empty()
                        : Optional.of(new ObjectKey(
                                ClaimFacts.orEmpty(claim.getNamespace()), ClaimFacts.orEmpty(claim.getName()))),
                claim == null ? "" : ClaimFacts.orEmpty(claim.getUid()),
                oldClass == null ? ClaimFacts.orEmpty(spec.getStorageClassName()) : oldClass,
                ClaimFacts.amount(
                        spec.getCapacity() == null ? null : spec.getCapacity().get("storage")),
                spec.getAccessModes() == null ? List.of() : spec.getAccessModes(),
                ClaimFacts.mode(spec.getVolumeMode()),
                ClaimFacts.orEmpty(spec.getVolumeAttributesClassName()),
                labels,
                nodes,
                zones(labels),
                spec.getCsi() == null ? "" : spec.getCsi().getDriver(),
                spec.getCsi() == null ? "" : spec.getCsi().getVolumeHandle());
    }

    private static Map<String, Set<String>> zones(Map<String, String> labels) {
        Map<String, Set<String>> zones = new HashMap<>();
        for (String key : ZONE_LABELS) {
            String value = labels.get(key);
            if (value != null && !value.isEmpty()) {
                zones.put(key, new HashSet<>(List.of(value.split(ZONE_SEPARATOR))));
            }
        }
        return zones;
    }

    /** This volume, given to a claim. */
    VolumeFacts givenTo(ClaimFacts owner) {
        return new VolumeFacts(
                name,
                uid,
                resourceVersion,
                terminating,
                available,
                Optional.of(owner.key()),
                owner.uid(),
                className,
                bytes,
                accessModes,
                volumeMode,
                attributesClass,
                labels,
                nodes,
                zones,
                driver,
                handle);
    }

    /** Whether the volume says that it is for this claim: by name alone, or by name and UID. */
    boolean isFor(ClaimFacts owner) {
        return claim.isPresent()
                && claim.get().equals(owner.key())
                && (claimUid.isEmpty() || claimUid.equals(owner.uid()));
    }

    /** Whether it can be used from a node. */
    public boolean reaches(NodeFacts node) {
        if (nodes.isEmpty()) {
            return true;
        }
        List<NodeRequirement> terms = nodes.get();
        for (int i = 0; i < terms.size(); i++) {
            if (terms.get(i).matches(node)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The only nodes, by their label {@code kubernetes.io/hostname}, that it may be usable from; empty when it does not say.
     * Disks of nodes say so, and there are many of them.
     */
    Optional<Set<String>> hosts() {
        if (nodes.isEmpty()) {
            return Optional.empty();
        }
        Set<String> hosts = new HashSet<>();
        for (NodeRequirement term : nodes.get()) {
            Optional<LabelSelector.Requirement> host = term.labels().stream()
                    .filter(each -> each.key().equals(HOSTNAME) && each.operator() == LabelSelector.Operator.IN)
                    .findFirst();
            if (host.isEmpty()) {
                return Optional.empty();
            }
            hosts.addAll(host.get().values());
        }
        return Optional.of(hosts);
    }

    /** Whether its size and kind are good enough for a claim, whoever has it now. */
    boolean canHold(ClaimFacts wanting) {
        return !terminating
                && bytes >= wanting.bytes()
                && volumeMode.equals(wanting.volumeMode())
                && attributesClass.equals(wanting.attributesClass())
                && accessModes.containsAll(wanting.accessModes());
    }

    /** Whether it is free and what a claim asks for. */
    boolean suits(ClaimFacts wanting) {
        return claim.isEmpty()
                && available
                && className.equals(wanting.className())
                && canHold(wanting)
                && !wanting.selectsNothing()
                && (wanting.selector().isEmpty() || wanting.selector().get().matches(labels));
    }
}
