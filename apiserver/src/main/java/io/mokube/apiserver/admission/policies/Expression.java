package io.mokube.apiserver.admission.policies;

import dev.cel.common.types.CelKind;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import io.mokube.apiserver.cel.CelBudget;
import io.mokube.apiserver.cel.CelBudget.BudgetExceededException;
import io.mokube.apiserver.cel.MutationLanguage;
import io.mokube.apiserver.cel.MutationLanguage.Makes;
import io.mokube.apiserver.cel.PolicyLanguage;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An expression of a policy, made ready once.
 *
 * @param text as it is written
 * @param program null when it can't be understood
 * @param problem why, {@code ""} when it can
 */
record Expression(String text, CelRuntime.@Nullable Program program, String problem) {

    static Expression of(String text, CelKind result) {
        try {
            return new Expression(text, PolicyLanguage.compile(text, result), "");
        } catch (IllegalArgumentException e) {
            return new Expression(text, null, String.valueOf(e.getMessage()));
        }
    }

    /** One that makes objects. */
    static Expression of(String text, Makes makes) {
        try {
            return new Expression(text, MutationLanguage.compile(text, makes), "");
        } catch (IllegalArgumentException e) {
            return new Expression(text, null, String.valueOf(e.getMessage()));
        }
    }

    /**
     * Its value.
     *
     * @throws FailedException when it has none
     */
    Object evaluate(Map<String, ?> variables, CelBudget budget) {
        if (program == null) {
            throw new FailedException("compilation error: " + problem);
        }
        try {
            return budget.evaluate(program, variables);
        } catch (CelEvaluationException | BudgetExceededException | RuntimeException e) {
            Throwable cause = e;
            while (cause != null && !(cause instanceof FailedException)) {
                cause = cause.getCause();
            }
            throw cause instanceof FailedException failed
                    ? failed
                    : new FailedException(String.valueOf(e.getMessage()));
        }
    }

    /** An expression has no value; the message says why. */
    static final class FailedException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        FailedException(String message) {
            super(message, null, false, false);
        }
    }
}
