package io.mokube.client.informer;

import java.util.function.Consumer;

/**
 * Told about changes of an informer's store, after the store has them. Calls come one at a time and in the order of the
 * changes; each object's calls begin with {@code added} and end with {@code deleted}. They hold up the informer, so they
 * do no more than put keys into a queue.
 */
public interface Handler<T> {

    /** The object is new to the store. */
    default void added(T object) {}

    /** The object changed. Changes in between may have been skipped. */
    default void updated(T before, T now) {}

    /** The object is gone; this is the last state known, which may be older than its true last one. */
    default void deleted(T last) {}

    /** A handler that does the same with the latest state, whatever happened. */
    static <T> Handler<T> each(Consumer<? super T> action) {
        return new Handler<>() {
            @Override
            public void added(T object) {
                action.accept(object);
            }

            @Override
            public void updated(T before, T now) {
                action.accept(now);
            }

            @Override
            public void deleted(T last) {
                action.accept(last);
            }
        };
    }
}
