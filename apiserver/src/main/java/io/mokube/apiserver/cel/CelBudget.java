package io.mokube.apiserver.cel;

import dev.cel.common.ast.CelExpr;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the expressions about one object may cost together. Each step of an evaluation costs one, more when it yields
 * something large, so that neither loops nor growing texts get far. Used by one thread.
 */
public final class CelBudget {

    /** What all expressions about one object may cost, as in Kubernetes. */
    public static final long PER_OBJECT = 100_000_000;

    /** What one evaluation may cost, as in Kubernetes. */
    public static final long PER_CALL = 10_000_000;

    private static final int FREE_TEXT = 10;

    private long left;

    public CelBudget(long total) {
        this.left = total;
    }

    /** Whether nothing more can be evaluated. */
    public boolean isSpent() {
        return left <= 0;
    }

    /**
     * Evaluates a program.
     *
     * @throws BudgetExceededException when it costs too much; then nothing of the budget is left
     * @throws CelEvaluationException when it fails in itself
     */
    public Object evaluate(CelRuntime.Program program, Map<String, ?> variables)
            throws CelEvaluationException, BudgetExceededException {
        Meter meter = new Meter(Math.min(left, PER_CALL));
        try {
            Object result = program.trace(variables, meter::count);
            left -= meter.spent;
            if (meter.isExceeded()) {
                throw exceeded();
            }
            return result;
        } catch (CelEvaluationException | RuntimeException e) {
            if (meter.isExceeded()) {
                throw exceeded();
            }
            left -= meter.spent;
            throw e;
        }
    }

    private BudgetExceededException exceeded() {
        left = 0;
        return new BudgetExceededException();
    }

    /** An evaluation costs too much. */
    public static final class BudgetExceededException extends Exception {

        private BudgetExceededException() {
            super("operation cancelled: actual cost limit exceeded", null, false, false);
        }
    }

    private static final class Meter {

        private final long limit;
        private long spent;

        Meter(long limit) {
            this.limit = limit;
        }

        boolean isExceeded() {
            return spent > limit;
        }

        void count(CelExpr step, @Nullable Object value) {
            spent += 1 + size(step, value);
            if (spent > limit) {
                // Logical operators go on after a failure; what they do then fails here at once again.
                throw new StopException();
            }
        }

        private static long size(CelExpr step, @Nullable Object value) {
            boolean isNew = step.getKind() == CelExpr.ExprKind.Kind.CALL;
            return switch (value) {
                case String text when text.length() > FREE_TEXT -> text.length() / (isNew ? 2 : 10);
                case Collection<?> items -> items.size() / (isNew ? 2 : 20);
                case Map<?, ?> map -> map.size() / 20;
                case null, default -> 0;
            };
        }
    }

    private static final class StopException extends RuntimeException {
        StopException() {
            super("cost limit", null, false, false);
        }
    }
}
