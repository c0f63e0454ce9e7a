package io.mokube.controllermanager.controllers.placement;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The nodes that a pod's spec insists on. Pure. */
public final class RequiredNodes {

    private static final String NAME = "metadata.name";

    private RequiredNodes() {}

    /** Whether the pod's node selector and its required node affinity allow a node. */
    public static boolean allow(PodSpec spec, Node node) {
        @Nullable Map<String, String> labels = spec.getNodeSelector();
        if (labels != null && !LabelSelector.ofLabels(labels).matches(Ownership.labels(node))) {
            return false;
        }
        return required(spec)
                .map(selector -> selector.getNodeSelectorTerms().stream().anyMatch(term -> matches(term, node)))
                .orElse(true);
    }

    /** The node affinity that a pod can't do without. */
    public static Optional<NodeSelector> required(PodSpec spec) {
        return Optional.ofNullable(spec.getAffinity())
                .map(Affinity::getNodeAffinity)
                .map(NodeAffinity::getRequiredDuringSchedulingIgnoredDuringExecution);
    }

    /** A term that allows one node, by its name. */
    public static NodeSelectorTerm only(String nodeName) {
        return new NodeSelectorTerm(List.of(), List.of(new NodeSelectorRequirement(NAME, "In", List.of(nodeName))));
    }

    /** The node that {@link #only} allows, if the pod's required affinity names one so. */
    public static Optional<String> onlyNode(PodSpec spec) {
        return required(spec).stream()
                .flatMap(selector -> selector.getNodeSelectorTerms().stream())
                .flatMap(term -> term.getMatchFields().stream())
                .filter(field -> NAME.equals(field.getKey()) && "In".equals(field.getOperator()))
                .filter(field -> field.getValues().size() == 1)
                .map(field -> field.getValues().getFirst())
                .findFirst();
    }

    /** All of a term's requirements hold; a term without any, or one that can't be read, matches nothing. */
    private static boolean matches(NodeSelectorTerm term, Node node) {
        List<NodeSelectorRequirement> labels = term.getMatchExpressions();
        List<NodeSelectorRequirement> fields = term.getMatchFields();
        if (labels.isEmpty() && fields.isEmpty()) {
            return false;
        }
        try {
            return hold(labels, Ownership.labels(node))
                    && fields.stream().allMatch(field -> NAME.equals(field.getKey()))
                    && hold(fields, Map.of(NAME, node.getMetadata().getName()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean hold(List<NodeSelectorRequirement> requirements, Map<String, String> values) {
        return requirements.stream()
                .map(each -> LabelSelector.requirement(each.getKey(), each.getOperator(), each.getValues()))
                .toList()
                .stream()
                .allMatch(requirement -> requirement.matches(values));
    }
}
