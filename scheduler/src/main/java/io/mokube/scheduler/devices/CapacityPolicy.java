package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.resource.v1.CapacityRequestPolicy;
import io.fabric8.kubernetes.api.model.resource.v1.CapacityRequestPolicyRange;
import io.mokube.machinery.quantity.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * In which amounts a device's capacity is given away.
 *
 * @param standard what those get who ask for nothing, null for everything
 * @param values the only amounts, from the smallest; empty when it is a range
 * @param least of a range, null when there is none
 * @param most of a range, null for no limit
 * @param step from one amount of a range to the next, null for any
 */
record CapacityPolicy(
        @Nullable Quantity standard,
        List<Quantity> values,
        @Nullable Quantity least,
        @Nullable Quantity most,
        @Nullable Quantity step) {

    /** Any amount. */
    static final CapacityPolicy ANY = new CapacityPolicy(null, List.of(), null, null, null);

    static CapacityPolicy of(CapacityRequestPolicy policy) {
        CapacityRequestPolicyRange range = policy.getValidRange();
        return new CapacityPolicy(
                parse(policy.getDefault()),
                policy.getValidValues().stream()
                        .map(value -> Quantity.parse(value.toString()))
                        .sorted()
                        .toList(),
                range == null ? null : parse(range.getMin()),
                range == null ? null : parse(range.getMax()),
                range == null ? null : parse(range.getStep()));
    }

    private static @Nullable Quantity parse(io.fabric8.kubernetes.api.model.@Nullable Quantity quantity) {
        return quantity == null ? null : Quantity.parse(quantity.toString());
    }

    /**
     * What somebody takes: rounded up to what is given away.
     *
     * @param asked null for nothing in particular
     * @param all how much there is
     * @return empty when no such amount is given away
     */
    Optional<Quantity> amount(@Nullable Quantity asked, Quantity all) {
        if (asked == null) {
            return Optional.of(standard == null ? all : standard);
        }
        if (least != null) {
            Quantity rounded = asked.compareTo(least) < 0 ? least : stepped(asked, least);
            return most != null && rounded.compareTo(most) > 0 ? Optional.empty() : Optional.of(rounded);
        }
        return values.isEmpty()
                ? Optional.of(asked)
                : values.stream().filter(value -> value.compareTo(asked) >= 0).findFirst();
    }

    private Quantity stepped(Quantity asked, Quantity from) {
        if (step == null || step.amount().signum() <= 0) {
            return asked;
        }
        BigDecimal steps = asked.amount().subtract(from.amount()).divide(step.amount(), 0, RoundingMode.CEILING);
        return new Quantity(from.amount().add(steps.multiply(step.amount())));
    }
}
