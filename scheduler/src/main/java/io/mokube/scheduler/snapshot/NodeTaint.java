package io.mokube.scheduler.snapshot;

/**
 * A taint of a node.
 *
 * @param value {@code ""} when there is none
 */
public record NodeTaint(String key, String value, Effect effect) {

    /** What a taint does to pods that do not tolerate it. */
    public enum Effect {
        NO_SCHEDULE,
        PREFER_NO_SCHEDULE,
        NO_EXECUTE;

        /** Whether the taint keeps a pod away altogether. */
        public boolean forbids() {
            return this != PREFER_NO_SCHEDULE;
        }
    }
}
