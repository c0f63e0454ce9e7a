package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.mokube.machinery.selector.LabelSelector;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One term of a node selector: all of its requirements must hold. A term without any matches no node, as in Kubernetes.
 *
 * @param labels requirements on the node's labels
 * @param names requirements on the node's name, keyed {@code metadata.name}
 * @param malformed whether the term can't be read; such a term matches no node
 */
public record NodeRequirement(
        List<LabelSelector.Requirement> labels, List<LabelSelector.Requirement> names, boolean malformed) {

    private static final String NAME_FIELD = "metadata.name";

    public NodeRequirement {
        labels = List.copyOf(labels);
        names = List.copyOf(names);
    }

    public static NodeRequirement of(NodeSelectorTerm term) {
        try {
            return new NodeRequirement(
                    requirements(term.getMatchExpressions()), requirements(term.getMatchFields()), false);
        } catch (IllegalArgumentException e) {
            return new NodeRequirement(List.of(), List.of(), true);
        }
    }

    /** The requirement that a plain {@code nodeSelector} states. */
    static NodeRequirement ofLabels(Map<String, String> labels) {
        return new NodeRequirement(LabelSelector.ofLabels(labels).requirements(), List.of(), false);
    }

    private static List<LabelSelector.Requirement> requirements(List<NodeSelectorRequirement> expressions) {
        List<LabelSelector.Requirement> requirements = new ArrayList<>(expressions.size());
        for (NodeSelectorRequirement expression : expressions) {
            requirements.add(
                    LabelSelector.requirement(expression.getKey(), expression.getOperator(), expression.getValues()));
        }
        return requirements;
    }

    /** The only nodes that can match, by name: no node at all when names contradict each other; empty when any may match. */
    public Optional<Set<String>> namedNodes() {
        return names.stream()
                .filter(requirement ->
                        requirement.key().equals(NAME_FIELD) && requirement.operator() == LabelSelector.Operator.IN)
                .<Set<String>>map(requirement -> Set.copyOf(requirement.values()))
                .reduce((some, others) -> {
                    Set<String> both = new HashSet<>(some);
                    both.retainAll(others);
                    return both;
                });
    }

    public boolean matches(NodeFacts node) {
        if (malformed || (labels.isEmpty() && names.isEmpty())) {
            return false;
        }
        for (LabelSelector.Requirement requirement : labels) {
            if (!requirement.matches(node.labels())) {
                return false;
            }
        }
        for (LabelSelector.Requirement requirement : names) {
            if (!requirement.key().equals(NAME_FIELD) || !requirement.matches(Map.of(NAME_FIELD, node.name()))) {
                return false;
            }
        }
        return true;
    }
}
