package io.mokube.controllermanager.controllers;

import io.mokube.client.informer.Informer;
import io.mokube.client.reconcile.ReconcileLoop;
import java.time.Duration;
import java.util.List;

/**
 * A controller for one term of leadership: made when the term begins, started when its informers are filled, stopped
 * when the term ends, and never started again.
 */
public interface Controller {

    /** The name in Kubernetes' list of controllers, such as {@code replicaset-controller}. */
    String name();

    /** The informers that must be filled before {@link #start}. */
    List<Informer<?>> needs();

    /** Begins to work, and returns. */
    void start();

    /** Takes no new work and returns when work in flight has ended, or was interrupted after the grace period. */
    void stop(Duration grace);

    /** A controller made of loops alone. */
    static Controller of(String name, List<Informer<?>> needs, ReconcileLoop<?>... loops) {
        List<ReconcileLoop<?>> all = List.of(loops);
        return new Controller() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public List<Informer<?>> needs() {
                return needs;
            }

            @Override
            public void start() {
                all.forEach(ReconcileLoop::start);
            }

            @Override
            public void stop(Duration grace) {
                all.forEach(loop -> loop.stop(grace));
            }
        };
    }
}
