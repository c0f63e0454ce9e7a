package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.ContainerImage;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What scheduling needs to know of a node itself, whatever runs on it.
 *
 * @param labels the node's labels
 * @param forbidding taints that keep pods away
 * @param discouraging taints that pods had better avoid
 * @param unschedulable whether the node is cordoned
 * @param allocatable what pods may take together
 * @param allowedPods how many pods may run
 * @param images bytes of each image on the node, by every name of the image
 * @param declaredFeatures what the node says it can do that not every node can
 */
public record NodeFacts(
        String name,
        Map<String, String> labels,
        List<NodeTaint> forbidding,
        List<NodeTaint> discouraging,
        boolean unschedulable,
        Resources allocatable,
        int allowedPods,
        Map<String, Long> images,
        Set<String> declaredFeatures) {

    static final String HOSTNAME = "kubernetes.io/hostname";
    static final String ZONE = "topology.kubernetes.io/zone";
    private static final String REGION = "topology.kubernetes.io/region";

    public NodeFacts {
        labels = Map.copyOf(labels);
        forbidding = List.copyOf(forbidding);
        discouraging = List.copyOf(discouraging);
        images = Map.copyOf(images);
        declaredFeatures = Set.copyOf(declaredFeatures);
    }

    public static NodeFacts of(Node node) {
        List<NodeTaint> forbidding = new ArrayList<>();
        List<NodeTaint> discouraging = new ArrayList<>();
        boolean unschedulable = false;
        if (node.getSpec() != null) {
            unschedulable = Boolean.TRUE.equals(node.getSpec().getUnschedulable());
            for (Taint taint : node.getSpec().getTaints()) {
                NodeTaint.Effect effect = PodToleration.effect(taint.getEffect());
                if (effect != null) {
                    String value = taint.getValue() == null ? "" : taint.getValue();
                    (effect.forbids() ? forbidding : discouraging).add(new NodeTaint(taint.getKey(), value, effect));
                }
            }
        }
        Map<String, Quantity> allocatable = Map.of();
        Map<String, Long> images = new HashMap<>();
        Set<String> features = Set.of();
        if (node.getStatus() != null) {
            if (node.getStatus().getAllocatable() != null) {
                allocatable = node.getStatus().getAllocatable();
            }
            features = Set.copyOf(node.getStatus().getDeclaredFeatures());
            for (ContainerImage image : node.getStatus().getImages()) {
                long size = image.getSizeBytes() == null ? 0 : image.getSizeBytes();
                image.getNames().forEach(name -> images.put(name, size));
            }
        }
        Quantity pods = allocatable.get(Resources.PODS);
        Map<String, String> labels = new HashMap<>();
        if (node.getMetadata().getLabels() != null) {
            // Thousands of nodes share few labels.
            node.getMetadata().getLabels().forEach((key, value) -> labels.put(key.intern(), value.intern()));
        }
        return new NodeFacts(
                node.getMetadata().getName(),
                labels,
                forbidding,
                discouraging,
                unschedulable,
                Resources.of(allocatable),
                pods == null
                        ? 0
                        : (int) Math.min(
                                Integer.MAX_VALUE, Resources.parse(pods).value()),
                images,
                features);
    }

    /** The failure domain that searches alternate between: region and zone, {@code ""} without both. */
    String zone() {
        String region = labels.get(REGION);
        String zone = labels.get(ZONE);
        if (region == null && zone == null) {
            return "";
        }
        return (region == null ? "" : region) + ":" + (zone == null ? "" : zone);
    }
}
