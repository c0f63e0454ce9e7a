package io.mokube.controllermanager.controllers.ownership;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Many requests at once. */
public final class SideBySide {

    /** How many requests one owner has under way. */
    static final int MOST_AT_ONCE = 64;

    private SideBySide() {}

    /** Does the same for all and waits for all; the first error of one of them is returned. */
    public static <T> Optional<RuntimeException> each(List<T> all, Consumer<T> task) throws InterruptedException {
        List<Callable<Object>> tasks = all.stream()
                .map(each -> Executors.callable(() -> task.accept(each)))
                .toList();
        Optional<RuntimeException> first = Optional.empty();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Object> future : executor.invokeAll(tasks)) {
                try {
                    future.get();
                } catch (ExecutionException e) {
                    if (first.isEmpty()) {
                        first = Optional.of(
                                e.getCause() instanceof RuntimeException cause
                                        ? cause
                                        : new IllegalStateException(e.getCause()));
                    }
                }
            }
        }
        return first;
    }

    /**
     * Does the same for all, first for one, then for two, then for four at once, and stops after a round in which one fails:
     * when all would fail for the same reason, the server is spared most of them.
     *
     * @return the first error
     */
    public static <T> Optional<RuntimeException> slowStart(List<T> all, Consumer<T> task) throws InterruptedException {
        int batch = 1;
        for (int from = 0; from < all.size(); batch = Math.min(2 * batch, MOST_AT_ONCE)) {
            int to = Math.min(from + batch, all.size());
            Optional<RuntimeException> error = each(all.subList(from, to), task);
            if (error.isPresent()) {
                return error;
            }
            from = to;
        }
        return Optional.empty();
    }
}
