package io.mokube.scheduler.snapshot;

import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.selector.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the selectors that objects carry. */
public final class Selectors {

    private Selectors() {}

    /** The selector; none when it is absent or malformed, because then it selects nothing. */
    public static Optional<LabelSelector> of(io.fabric8.kubernetes.api.model.@Nullable LabelSelector selector) {
        if (selector == null) {
            return Optional.empty();
        }
        try {
            List<Requirement> requirements = new ArrayList<>();
            if (selector.getMatchLabels() != null) {
                requirements.addAll(
                        LabelSelector.ofLabels(selector.getMatchLabels()).requirements());
            }
            selector.getMatchExpressions()
                    .forEach(expression -> requirements.add(LabelSelector.requirement(
                            expression.getKey(), expression.getOperator(), expression.getValues())));
            return Optional.of(new LabelSelector(requirements));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The selector, and on top of it the pod's own values of some labels, wanted or not. */
    static LabelSelector withKeys(
            LabelSelector selector, List<String> matching, List<String> mismatching, Map<String, String> podLabels) {
        if (matching.isEmpty() && mismatching.isEmpty()) {
            return selector;
        }
        List<Requirement> requirements = new ArrayList<>(selector.requirements());
        addOwn(requirements, matching, LabelSelector.Operator.IN, podLabels);
        addOwn(requirements, mismatching, LabelSelector.Operator.NOT_IN, podLabels);
        return new LabelSelector(requirements);
    }

    private static void addOwn(
            List<Requirement> requirements,
            List<String> keys,
            LabelSelector.Operator operator,
            Map<String, String> podLabels) {
        for (String key : keys) {
            String value = podLabels.get(key);
            if (value != null) {
                requirements.add(new Requirement(key, operator, List.of(value)));
            }
        }
    }
}
