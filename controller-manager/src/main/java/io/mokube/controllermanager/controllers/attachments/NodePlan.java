package io.mokube.controllermanager.controllers.attachments;

import io.fabric8.kubernetes.api.model.AttachedVolume;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done about the volumes of one node. Pure.
 *
 * @param reported the unique names that the node's status lists as attached; written before anything is detached
 * @param detach attachments to delete
 * @param attach volumes to attach
 * @param blocked volumes that are attached elsewhere and may be attached only once
 * @param unwantedSince when each attachment that nobody wants was first found so, by its name
 * @param nextLook when a volume that is still mounted may be detached by force
 */
record NodePlan(
        SortedSet<String> reported,
        List<VolumeAttachment> detach,
        List<Attachable> attach,
        List<Attachable> blocked,
        Map<String, Long> unwantedSince,
        Optional<Duration> nextLook) {

    /** How long an unhealthy node may keep a volume that it has not unmounted. */
    static final Duration LONGEST_UNMOUNT = Duration.ofMinutes(6);

    private static final String MANAGED = "volumes.kubernetes.io/controller-managed-attach-detach";
    private static final String OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

    /** Knows the volume behind an attachment, unless that is gone. */
    interface Volumes {
        Optional<Attachable> of(VolumeAttachment attachment);
    }

    /**
     * @param node the node, when it exists; one that is {@link #isManaged managed}
     * @param wanted what its pods use
     * @param attachments those of all nodes
     * @param before {@link #unwantedSince} of the last plan
     * @param now nanoseconds of a clock that only goes forward
     */
    static NodePlan of(
            String name,
            Optional<Node> node,
            Collection<Attachable> wanted,
            Collection<VolumeAttachment> attachments,
            Volumes volumes,
            Map<String, Long> before,
            long now) {
        Map<String, Attachable> missing = new HashMap<>();
        wanted.forEach(each -> missing.put(each.attachmentName(name), each));
        SortedSet<String> reported = new TreeSet<>();
        List<VolumeAttachment> detach = new ArrayList<>();
        Map<String, Long> unwanted = new HashMap<>();
        Optional<Duration> nextLook = Optional.empty();
        boolean mayForce = node.filter(NodePlan::isReady).isEmpty();
        for (VolumeAttachment attachment : attachments) {
            boolean isHere = name.equals(attachment.getSpec().getNodeName()) && Attachable.isOurs(attachment);
            if (!isHere) {
                continue;
            }
            String key = attachment.getMetadata().getName();
            Optional<Attachable> volume = volumes.of(attachment);
            String uniqueName = volume.map(Attachable::uniqueName).orElse("");
            boolean goes = Ownership.isBeingDeleted(attachment);
            if (missing.remove(key) != null) {
                if (!goes && isAttached(attachment)) {
                    reported.add(uniqueName);
                }
            } else if (!goes) {
                long since = before.getOrDefault(key, now);
                unwanted.put(key, since);
                Duration left = LONGEST_UNMOUNT.minusNanos(now - since);
                boolean isMounted =
                        node.filter(each -> isInUse(each, uniqueName)).isPresent();
                boolean isForced = (mayForce && !left.isPositive())
                        || node.filter(NodePlan::isOutOfService).isPresent();
                if (!isMounted || isForced) {
                    detach.add(attachment);
                } else {
                    if (isAttached(attachment)) {
                        reported.add(uniqueName);
                    }
                    nextLook = Optional.of(nextLook.filter(each -> each.compareTo(left) < 0)
                            .orElse(left.isPositive() ? left : LONGEST_UNMOUNT));
                }
            }
        }
        if (node.isEmpty()) {
            missing.clear(); // what its last pods have stays theirs, but they get nothing more
        }
        List<Attachable> attach = new ArrayList<>();
        List<Attachable> blocked = new ArrayList<>();
        for (Attachable volume : missing.values()) {
            (volume.exclusive() && isElsewhere(volume, name, attachments) ? blocked : attach).add(volume);
        }
        return new NodePlan(reported, detach, attach, blocked, unwanted, nextLook);
    }

    /** Whether the kubelet leaves attaching to this controller; another's node is none of its business. */
    static boolean isManaged(Node node) {
        return "true".equals(Ownership.annotations(node).get(MANAGED));
    }

    private static boolean isReady(Node node) {
        @Nullable NodeStatus status = node.getStatus();
        @Nullable List<NodeCondition> conditions = status == null ? null : status.getConditions();
        return conditions != null
                && conditions.stream()
                        .anyMatch(each -> "Ready".equals(each.getType()) && "True".equals(each.getStatus()));
    }

    private static boolean isOutOfService(Node node) {
        @Nullable
        List<Taint> taints = node.getSpec() == null ? null : node.getSpec().getTaints();
        return taints != null && taints.stream().anyMatch(each -> OUT_OF_SERVICE.equals(each.getKey()));
    }

    private static boolean isInUse(Node node, String uniqueName) {
        @Nullable NodeStatus status = node.getStatus();
        @Nullable List<String> inUse = status == null ? null : status.getVolumesInUse();
        return inUse != null && inUse.contains(uniqueName);
    }

    /** What the node's status lists now. */
    static SortedSet<String> reportedBy(Node node) {
        SortedSet<String> names = new TreeSet<>();
        @Nullable NodeStatus status = node.getStatus();
        @Nullable List<AttachedVolume> attached = status == null ? null : status.getVolumesAttached();
        if (attached != null) {
            attached.forEach(each -> names.add(each.getName()));
        }
        return names;
    }

    static boolean isAttached(VolumeAttachment attachment) {
        return attachment.getStatus() != null
                && Boolean.TRUE.equals(attachment.getStatus().getAttached());
    }

    private static boolean isElsewhere(Attachable volume, String node, Collection<VolumeAttachment> attachments) {
        return attachments.stream()
                .anyMatch(each -> !node.equals(each.getSpec().getNodeName())
                        && volume.volume().equals(each.getSpec().getSource().getPersistentVolumeName()));
    }
}
