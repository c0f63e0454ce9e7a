package io.mokube.machinery.component;

import java.time.Duration;

/**
 * A part of the cluster that runs: API server, scheduler, controller manager, kubelet agent, proxy. A component is a
 * plain class made from an immutable configuration record and a {@link Platform}; how it is launched (as a Spring Boot
 * service, beside the others in one JVM, inside a test) is not its concern.
 */
public interface Component {

    /** The component's name as Kubernetes has it, such as {@code kube-apiserver}. */
    String name();

    /**
     * Starts the component and returns once it works or keeps trying by itself; it does not wait for other components.
     *
     * @throws ComponentException when it can never work: a taken port, an unreadable file. Its message tells the user
     *     what to do.
     */
    void start();

    /** Whether the component can do its work now. Cheap, and callable from any thread. */
    Readiness readiness();

    /**
     * Stops the component: takes no new work, gives work in flight the grace period to finish, then ends it. Calling it
     * again, or before {@link #start}, does nothing.
     */
    void stop(Duration grace);

    /** Whether a component is ready, and what it waits for when it is not. */
    record Readiness(boolean ready, String reason) {

        /** Everything works. */
        public static final Readiness READY = new Readiness(true, "ok");

        /** Not ready, for this reason, written for a user. */
        public static Readiness waitingFor(String reason) {
            return new Readiness(false, reason);
        }
    }
}
