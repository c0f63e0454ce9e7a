package io.mokube.kubelet.runtime.hollow;

import io.mokube.machinery.quantity.Quantity;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;

/**
 * What each container of a pod pretends to use, as the pod's annotations say: {@code mokube.io/cpu-usage: 250m} and
 * {@code mokube.io/memory-usage: 64Mi}.
 *
 * @param cores of processor
 * @param memoryBytes of memory
 */
record HollowUsage(BigDecimal cores, long memoryBytes) {

    private static final String CPU = "mokube.io/cpu-usage";
    private static final String MEMORY = "mokube.io/memory-usage";

    /** Of an idle server. */
    static final HollowUsage DEFAULT = new HollowUsage(
            Quantity.parse("10m").amount(), Quantity.parse("16Mi").value());

    /** Reads a pod's annotations; what is not said, or can't be read, is as for any pod. */
    static HollowUsage of(Map<String, String> annotations) {
        return new HollowUsage(
                amount(annotations, CPU, new Quantity(DEFAULT.cores())).amount(),
                amount(annotations, MEMORY, new Quantity(BigDecimal.valueOf(DEFAULT.memoryBytes())))
                        .value());
    }

    private static Quantity amount(Map<String, String> annotations, String name, Quantity otherwise) {
        String text = annotations.get(name);
        try {
            Quantity amount = text == null ? otherwise : Quantity.parse(text);
            return amount.compareTo(Quantity.ZERO) < 0 ? otherwise : amount;
        } catch (IllegalArgumentException e) {
            return otherwise;
        }
    }

    /** The time on a core that passes in so long. */
    long cpuNanos(Duration during) {
        return cores.multiply(BigDecimal.valueOf(Math.max(0, during.toNanos()))).longValue();
    }
}
