package io.mokube.machinery.component;

/**
 * The threads that carry virtual threads. A virtual thread that waits while the JVM loads or initializes a class for it
 * keeps its carrier, and by default there are only as many carriers as processors: on two processors two such waits stop
 * everything, for good when the thread they wait for needs a carrier itself.
 */
public final class CarrierThreads {

    private static final String PARALLELISM = "jdk.virtualThreadScheduler.parallelism";
    private static final int LEAST = 16;

    private CarrierThreads() {}

    /** Provides enough of them. Takes effect only before the first virtual thread starts; a user's own setting stays. */
    public static void provide() {
        if (System.getProperty(PARALLELISM) == null) {
            int processors = Runtime.getRuntime().availableProcessors();
            System.setProperty(PARALLELISM, Integer.toString(Math.max(LEAST, processors)));
        }
    }
}
