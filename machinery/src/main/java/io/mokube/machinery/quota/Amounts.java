package io.mokube.machinery.quota;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.quantity.CanonicalQuantity;
import io.mokube.machinery.quantity.Quantity;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Amounts of resources by their names, such as what a pod requests. Not changeable.
 *
 * @param byName in the order of the names
 */
public record Amounts(SortedMap<String, Amount> byName) {

    public static final Amounts NONE = new Amounts(new TreeMap<>());

    /**
     * One amount.
     *
     * @param binary whether it is written in powers of 1024, as the one it came from was
     */
    public record Amount(BigDecimal value, boolean binary) implements Comparable<Amount> {

        public static final Amount ZERO = new Amount(BigDecimal.ZERO, false);
        public static final Amount ONE = new Amount(BigDecimal.ONE, false);

        private static final BigDecimal MOST = BigDecimal.valueOf(Long.MAX_VALUE);

        /**
         * Reads a quantity, of which no more than 2^63 - 1 counts.
         *
         * @throws IllegalArgumentException when the text is none
         */
        public static Amount parse(String text) {
            return new Amount(Quantity.parse(text).amount().min(MOST), CanonicalQuantity.isBinary(text));
        }

        public static Amount of(long pieces) {
            return new Amount(BigDecimal.valueOf(pieces), false);
        }

        Amount plus(Amount other) {
            return value.signum() == 0 ? other : new Amount(value.add(other.value), binary);
        }

        Amount minus(Amount other) {
            return new Amount(value.subtract(other.value).max(BigDecimal.ZERO), binary);
        }

        @Override
        public int compareTo(Amount other) {
            return value.compareTo(other.value);
        }

        /** Equal amounts are equal however they are written. */
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Amount amount && value.compareTo(amount.value) == 0;
        }

        @Override
        public int hashCode() {
            return value.stripTrailingZeros().hashCode();
        }

        @Override
        public String toString() {
            return CanonicalQuantity.of(value, binary);
        }
    }

    public Amounts {
        byName = Collections.unmodifiableSortedMap(new TreeMap<>(byName));
    }

    /** The quantities of an object such as {@code resources.requests}; a missing one has none. */
    public static Amounts of(JsonNode quantities) {
        SortedMap<String, Amount> byName = new TreeMap<>();
        for (Map.Entry<String, JsonNode> each : quantities.properties()) {
            if (each.getValue().isString()) {
                byName.put(each.getKey(), Amount.parse(each.getValue().stringValue()));
            }
        }
        return new Amounts(byName);
    }

    /** No amount of each of these. */
    public static Amounts zero(Collection<String> names) {
        SortedMap<String, Amount> byName = new TreeMap<>();
        names.forEach(name -> byName.put(name, Amount.ZERO));
        return new Amounts(byName);
    }

    public Set<String> names() {
        return byName.keySet();
    }

    public boolean isEmpty() {
        return byName.isEmpty();
    }

    public boolean has(String name) {
        return byName.containsKey(name);
    }

    /** The amount of that name, none when it is missing. */
    public Amount get(String name) {
        return byName.getOrDefault(name, Amount.ZERO);
    }

    public Amounts with(String name, Amount amount) {
        SortedMap<String, Amount> copy = new TreeMap<>(byName);
        copy.put(name, amount);
        return new Amounts(copy);
    }

    /** These and what others has that these have not. */
    public Amounts orElse(Amounts others) {
        return merged(others, (own, other) -> own);
    }

    public Amounts plus(Amounts other) {
        return merged(other, Amount::plus);
    }

    /** The larger of both, by name. */
    public Amounts max(Amounts other) {
        return merged(other, (own, others) -> own.compareTo(others) >= 0 ? own : others);
    }

    private Amounts merged(Amounts other, BinaryOperator<Amount> both) {
        SortedMap<String, Amount> result = new TreeMap<>(byName);
        other.byName.forEach((name, amount) -> result.merge(name, amount, both));
        return new Amounts(result);
    }

    /** The smaller of both, by name; what only one has is left out. */
    public Amounts min(Amounts other) {
        SortedMap<String, Amount> result = new TreeMap<>();
        byName.forEach((name, amount) -> {
            if (other.has(name)) {
                result.put(name, amount.compareTo(other.get(name)) <= 0 ? amount : other.get(name));
            }
        });
        return new Amounts(result);
    }

    /** What is left when others is taken away; never below zero. */
    public Amounts minus(Amounts other) {
        SortedMap<String, Amount> result = new TreeMap<>();
        byName.forEach((name, amount) -> result.put(name, amount.minus(other.get(name))));
        return new Amounts(result);
    }

    /** Those whose names fit. */
    public Amounts only(Predicate<String> fits) {
        SortedMap<String, Amount> result = new TreeMap<>(byName);
        result.keySet().removeIf(fits.negate());
        return new Amounts(result);
    }

    public Amounts withoutZeros() {
        SortedMap<String, Amount> result = new TreeMap<>(byName);
        result.values().removeIf(amount -> amount.value().signum() == 0);
        return new Amounts(result);
    }

    /** The names of which there is more than the limit; what has no limit is not beyond it. */
    public List<String> beyond(Amounts limits) {
        return byName.entrySet().stream()
                .filter(each -> limits.has(each.getKey()) && each.getValue().compareTo(limits.get(each.getKey())) > 0)
                .map(Map.Entry::getKey)
                .toList();
    }

    public ObjectNode toJson() {
        ObjectNode object = Json.MAPPER.createObjectNode();
        byName.forEach((name, amount) -> object.put(name, amount.toString()));
        return object;
    }

    /** As error messages list them: {@code limits.cpu=2,pods=1}. */
    @Override
    public String toString() {
        return String.join(
                ",",
                byName.entrySet().stream()
                        .map(each -> each.getKey() + "=" + each.getValue())
                        .toList());
    }
}
