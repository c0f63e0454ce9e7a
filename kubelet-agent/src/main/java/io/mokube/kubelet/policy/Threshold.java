package io.mokube.kubelet.policy;

import io.mokube.machinery.quantity.Quantity;
import java.math.BigDecimal;
import java.time.Duration;

/**
 * How little of something may be left before pods are evicted.
 *
 * @param least as much must be left
 * @param grace how long less may be left before a pod is evicted; zero for a hard threshold, which evicts at once
 * @param minReclaim how much more than {@code least} must be left before eviction ends
 */
public record Threshold(Signal signal, Amount least, Duration grace, Amount minReclaim) {

    /** Whether pods are evicted at once, and with hardly a grace period. */
    public boolean hard() {
        return grace.isZero();
    }

    /** What is watched, by the names of {@code evictionHard}. */
    public enum Signal {
        /** Of the machine's memory. */
        MEMORY("memory.available", "memory", Pressure.MEMORY),
        /** Of the memory that all pods together may have. It has the threshold of {@link #MEMORY}. */
        ALLOCATABLE_MEMORY("allocatableMemory.available", "memory", Pressure.MEMORY),
        /** Of the file system with the agent's folder: volumes and logs. */
        NODE_DISK("nodefs.available", "ephemeral-storage", Pressure.DISK),
        NODE_INODES("nodefs.inodesFree", "inodes", Pressure.DISK),
        /** Of the file system with the runtime's images and containers. */
        IMAGE_DISK("imagefs.available", "ephemeral-storage", Pressure.DISK),
        IMAGE_INODES("imagefs.inodesFree", "inodes", Pressure.DISK),
        PIDS("pid.available", "pids", Pressure.PIDS);

        private final String text;
        private final String resource;
        private final Pressure pressure;

        Signal(String text, String resource, Pressure pressure) {
            this.text = text;
            this.resource = resource;
            this.pressure = pressure;
        }

        /** The name in configuration files. */
        public String text() {
            return text;
        }

        /** What messages call it. */
        public String resource() {
            return resource;
        }

        public Pressure pressure() {
            return pressure;
        }
    }

    /** A condition of the node. */
    public enum Pressure {
        MEMORY("MemoryPressure", "KubeletHasInsufficientMemory", "KubeletHasSufficientMemory", "memory"),
        DISK("DiskPressure", "KubeletHasDiskPressure", "KubeletHasNoDiskPressure", "disk"),
        PIDS("PIDPressure", "KubeletHasInsufficientPID", "KubeletHasSufficientPID", "PID");

        private final String type;
        private final String reasonWhenSo;
        private final String reasonOtherwise;
        private final String what;

        Pressure(String type, String reasonWhenSo, String reasonOtherwise, String what) {
            this.type = type;
            this.reasonWhenSo = reasonWhenSo;
            this.reasonOtherwise = reasonOtherwise;
            this.what = what;
        }

        /** The condition's type. */
        public String type() {
            return type;
        }

        public String reason(boolean holds) {
            return holds ? reasonWhenSo : reasonOtherwise;
        }

        public String message(boolean holds) {
            if (this == DISK) {
                return holds ? "kubelet has disk pressure" : "kubelet has no disk pressure";
            }
            return "kubelet has " + (holds ? "insufficient " : "sufficient ") + what + " available";
        }
    }

    /**
     * An absolute amount, or a share of the whole.
     *
     * @param value in bytes or pieces, when the share is zero
     * @param percent of the whole
     */
    public record Amount(long value, double percent) {
        public static final Amount ZERO = new Amount(0, 0);

        /**
         * Reads {@code 100Mi} or {@code 10%}.
         *
         * @throws IllegalArgumentException when it is neither
         */
        public static Amount parse(String text) {
            if (!text.endsWith("%")) {
                return new Amount(Quantity.parse(text).value(), 0);
            }
            double percent = new BigDecimal(text.substring(0, text.length() - 1)).doubleValue();
            if (percent < 0 || percent > 100) {
                throw new IllegalArgumentException("\"" + text + "\" is no share of a whole");
            }
            return new Amount(0, percent);
        }

        /** The amount, where the whole is this. */
        public long of(long whole) {
            return percent == 0 ? value : (long) (whole * percent / 100);
        }

        boolean isZero() {
            return value == 0 && percent == 0;
        }
    }
}
