package io.mokube.scheduler.snapshot;

import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.selector.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the selectors that objects carry. */
final class Selectors {

    private Selectors() {}

    /** The selector; none when it is absent or malformed, because then it selects nothing. */
    static Optional<LabelSelector> of(io.fabric8.kubernetes.api.model.@Nullable LabelSelector selector) {
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
}
