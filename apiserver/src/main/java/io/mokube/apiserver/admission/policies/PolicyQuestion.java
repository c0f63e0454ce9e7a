package io.mokube.apiserver.admission.policies;

import io.mokube.apiserver.admission.policies.Expression.FailedException;
import io.mokube.apiserver.admission.policies.Policy.Validation;
import io.mokube.apiserver.cel.CelBudget;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** One policy asked about one write with one object of parameters. Used once, by one thread. */
final class PolicyQuestion {

    private static final int LONGEST_MESSAGE = 5 * 1024;

    private final Policy policy;
    private final Map<String, Object> variables;
    private final CelBudget budget = new CelBudget(CelBudget.PER_CALL);

    /**
     * A broken rule.
     *
     * @param index which of the policy's rules it is, -1 for none of them
     * @param reason machine-readable, {@code ""} for Invalid
     */
    record Objection(int index, String message, String reason) {}

    /**
     * A question.
     *
     * @param write what is known of the write, by the names of the language
     */
    PolicyQuestion(Policy policy, Map<String, Object> write) {
        this.policy = policy;
        this.variables = new HashMap<>(write);
        variables.put("variables", new NamedValues());
    }

    /** What the policy has against the write. A rule that fails counts as broken, unless the policy fails open. */
    List<Objection> objections() {
        try {
            if (!isAsked()) {
                return List.of();
            }
        } catch (FailedException e) {
            return policy.failsClosed() ? List.of(new Objection(-1, String.valueOf(e.getMessage()), "")) : List.of();
        }
        List<Objection> objections = new ArrayList<>();
        for (int i = 0; i < policy.validations().size(); i++) {
            Validation validation = policy.validations().get(i);
            try {
                if (!Boolean.TRUE.equals(validation.rule().evaluate(variables, budget))) {
                    objections.add(new Objection(i, message(validation), validation.reason()));
                }
            } catch (FailedException e) {
                if (policy.failsClosed()) {
                    objections.add(new Objection(
                            i,
                            "expression '" + validation.rule().text() + "' resulted in error: " + e.getMessage(),
                            ""));
                }
            }
        }
        return objections;
    }

    /** Tells what the policy has to say to the audit about the write, by key. */
    void annotate(BiConsumer<String, String> audit) {
        policy.annotations().forEach((key, expression) -> {
            if (expression.evaluate(variables, budget) instanceof String text && !text.isBlank()) {
                audit.accept(key, text.strip());
            }
        });
    }

    /** Whether all conditions hold. One that does not outweighs one that fails. */
    boolean isAsked() {
        @Nullable FailedException failure = null;
        for (Map.Entry<String, Expression> condition : policy.conditions().entrySet()) {
            try {
                if (!Boolean.TRUE.equals(condition.getValue().evaluate(variables, budget))) {
                    return false;
                }
            } catch (FailedException e) {
                failure = new FailedException(
                        "expression '" + condition.getValue().text() + "' resulted in error: " + e.getMessage());
            }
        }
        if (failure != null) {
            throw failure;
        }
        return true;
    }

    /** What a mutation yields for the write. */
    Object value(Expression expression) {
        return expression.evaluate(variables, budget);
    }

    private String message(Validation validation) {
        return made(validation)
                .orElseGet(() -> validation.message().isEmpty()
                        ? "failed expression: " + validation.rule().text().strip()
                        : validation.message().strip());
    }

    private Optional<String> made(Validation validation) {
        Expression expression = validation.messageExpression();
        if (expression == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(expression.evaluate(variables, budget))
                    .filter(String.class::isInstance)
                    .map(text -> ((String) text).strip())
                    .filter(text -> !text.isEmpty() && text.indexOf('\n') < 0 && text.length() <= LONGEST_MESSAGE);
        } catch (FailedException e) {
            return Optional.empty();
        }
    }

    /** The policy's variables, each evaluated when it is first asked for. */
    private final class NamedValues extends AbstractMap<String, Object> {

        private final Map<String, Object> known = new HashMap<>();
        private final Set<String> underway = new HashSet<>();

        @Override
        public boolean containsKey(Object name) {
            return policy.variables().containsKey(name);
        }

        @Override
        public @Nullable Object get(Object name) {
            Expression expression = policy.variables().get(name);
            if (expression == null) {
                return null;
            }
            Object value = known.get(name);
            if (value == null) {
                if (!underway.add((String) name)) {
                    throw new FailedException("variable '" + name + "' refers to itself");
                }
                try {
                    value = expression.evaluate(variables, budget);
                } catch (FailedException e) {
                    throw new FailedException(
                            "composited variable \"" + name + "\" fails to evaluate: " + e.getMessage());
                } finally {
                    underway.remove(name);
                }
                known.put((String) name, value);
            }
            return value;
        }

        @Override
        public Set<Entry<String, Object>> entrySet() {
            Map<String, Object> all = new LinkedHashMap<>();
            policy.variables().keySet().forEach(name -> {
                Object value = get(name);
                if (value != null) {
                    all.put(name, value);
                }
            });
            return all.entrySet();
        }

        @Override
        public int size() {
            return policy.variables().size(); // without asking for any
        }
    }
}
