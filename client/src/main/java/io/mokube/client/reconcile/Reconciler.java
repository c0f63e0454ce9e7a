package io.mokube.client.reconcile;

/**
 * Brings what one key names closer to what is asked for. Level-triggered: it is told a name and never what happened, and
 * looks for itself. Called for one key at most once at a time.
 *
 * @param <K> the keys, usually {@code ObjectKey}
 */
@FunctionalInterface
public interface Reconciler<K> {

    /**
     * Looks at the key and acts.
     *
     * @throws InterruptedException when the loop is being stopped
     * @throws RuntimeException when it did not work; the key comes back with a growing delay
     */
    Outcome reconcile(K key) throws InterruptedException;
}
