package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.Quantity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;

/**
 * Amounts of resources. The three that nearly every pod asks for are plain numbers, because filters read them millions
 * of times a second.
 *
 * @param milliCpu CPU in thousandths of a core
 * @param memory memory in bytes
 * @param ephemeralStorage local disk in bytes
 * @param others whole units of everything else (extended resources, huge pages) by name; never zero
 */
public record Resources(long milliCpu, long memory, long ephemeralStorage, Map<String, Long> others) {

    public static final Resources NONE = new Resources(0, 0, 0, Map.of());

    static final String CPU = "cpu";
    static final String MEMORY = "memory";
    static final String EPHEMERAL_STORAGE = "ephemeral-storage";
    static final String PODS = "pods";

    public Resources {
        others = Map.copyOf(others);
    }

    /** Reads the form of {@code requests} and {@code allocatable}; the number of pods is no resource here. */
    public static Resources of(Map<String, Quantity> quantities) {
        long milliCpu = 0;
        long memory = 0;
        long ephemeralStorage = 0;
        Map<String, Long> others = Map.of();
        for (Map.Entry<String, Quantity> entry : quantities.entrySet()) {
            switch (entry.getKey()) {
                case CPU -> milliCpu = parse(entry.getValue()).milliValue();
                case MEMORY -> memory = parse(entry.getValue()).value();
                case EPHEMERAL_STORAGE ->
                    ephemeralStorage = parse(entry.getValue()).value();
                case PODS -> {}
                default -> {
                    long amount = parse(entry.getValue()).value();
                    if (amount != 0) {
                        if (others.isEmpty()) {
                            others = new HashMap<>();
                        }
                        others.put(entry.getKey().intern(), amount);
                    }
                }
            }
        }
        return new Resources(milliCpu, memory, ephemeralStorage, others);
    }

    static io.mokube.machinery.quantity.Quantity parse(Quantity quantity) {
        String format = quantity.getFormat();
        return io.mokube.machinery.quantity.Quantity.parse(
                format == null ? quantity.getAmount() : quantity.getAmount() + format);
    }

    public Resources plus(Resources added) {
        return new Resources(
                milliCpu + added.milliCpu,
                memory + added.memory,
                ephemeralStorage + added.ephemeralStorage,
                combine(added.others, Long::sum));
    }

    public Resources minus(Resources removed) {
        if (removed.others.isEmpty()) {
            return new Resources(
                    milliCpu - removed.milliCpu,
                    memory - removed.memory,
                    ephemeralStorage - removed.ephemeralStorage,
                    others);
        }
        Map<String, Long> left = new HashMap<>(others);
        // A sum that returns to zero leaves no trace, so that equal contents are equal values.
        removed.others.forEach(
                (name, amount) -> left.merge(name, -amount, (old, change) -> old + change == 0 ? null : old + change));
        return new Resources(
                milliCpu - removed.milliCpu,
                memory - removed.memory,
                ephemeralStorage - removed.ephemeralStorage,
                left);
    }

    /** The larger amount of each resource. */
    public Resources max(Resources other) {
        return new Resources(
                Math.max(milliCpu, other.milliCpu),
                Math.max(memory, other.memory),
                Math.max(ephemeralStorage, other.ephemeralStorage),
                combine(other.others, Math::max));
    }

    private Map<String, Long> combine(Map<String, Long> more, BinaryOperator<Long> operation) {
        if (more.isEmpty()) {
            return others;
        }
        if (others.isEmpty()) {
            return more;
        }
        Map<String, Long> combined = new HashMap<>(others);
        more.forEach((name, amount) -> combined.merge(name, amount, operation));
        return combined;
    }

    /** The names of those resources of which this asks for more than there is, in the order users see them. */
    public List<String> lacking(Resources there) {
        List<String> lacking = new ArrayList<>();
        if (milliCpu > there.milliCpu) {
            lacking.add(CPU);
        }
        if (memory > there.memory) {
            lacking.add(MEMORY);
        }
        if (ephemeralStorage > there.ephemeralStorage) {
            lacking.add(EPHEMERAL_STORAGE);
        }
        others.forEach((name, amount) -> {
            if (amount > there.other(name)) {
                lacking.add(name);
            }
        });
        return lacking;
    }

    /** Whether, of something that this asks for, the one has less than the other. */
    public boolean anyLess(Resources one, Resources other) {
        return (milliCpu > 0 && one.milliCpu < other.milliCpu)
                || (memory > 0 && one.memory < other.memory)
                || (ephemeralStorage > 0 && one.ephemeralStorage < other.ephemeralStorage)
                || others.keySet().stream().anyMatch(name -> one.other(name) < other.other(name));
    }

    /** The amount of any resource, CPU in thousandths of a core; 0 when there is none. */
    public long amount(String name) {
        return switch (name) {
            case CPU -> milliCpu;
            case MEMORY -> memory;
            case EPHEMERAL_STORAGE -> ephemeralStorage;
            default -> other(name);
        };
    }

    /** The amount of a resource that is not one of the three; 0 when there is none. */
    public long other(String name) {
        return others.getOrDefault(name, 0L);
    }
}
