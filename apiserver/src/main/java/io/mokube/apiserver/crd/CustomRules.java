package io.mokube.apiserver.crd;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelValidationException;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import dev.cel.common.types.OptionalType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import io.mokube.apiserver.cel.CelBudget;
import io.mokube.apiserver.cel.CelBudget.BudgetExceededException;
import io.mokube.apiserver.cel.CelEnvironment;
import io.mokube.apiserver.crd.StructuralSchema.Rule;
import io.mokube.machinery.error.FieldError;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The CEL rules of a schema, compiled. Safe for use by many threads.
 *
 * <p>Rules are not asked again about what an update leaves as it was, except those that compare with the old value.
 */
final class CustomRules {

    private static final String SELF = "self";
    private static final String OLD_SELF = "oldSelf";
    private static final Set<String> REASONS =
            Set.of("FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate");
    private static final int LONGEST_MESSAGE = 5 * 1024;

    private final StructuralSchema root;
    private final RuleTypes types;
    private final IdentityHashMap<StructuralSchema, List<Compiled>> compiled = new IdentityHashMap<>();

    /** A rule ready to be asked. */
    private record Compiled(
            Rule rule,
            CelRuntime.@Nullable Program program,
            CelRuntime.@Nullable Program message,
            boolean usesOldSelf,
            String fieldPath,
            String problem) {}

    CustomRules(StructuralSchema root) {
        this.root = root;
        this.types = new RuleTypes(root);
        Compilers compilers = new Compilers(types);
        root.visit("", (path, node) -> {
            if (!node.rules().isEmpty()) {
                CelType type = types.of(node);
                List<Compiled> rules = new ArrayList<>();
                for (Rule rule : node.rules()) {
                    rules.add(
                            type == null
                                    ? broken(rule, "rule compiler initialization error")
                                    : compile(rule, node, compilers.of(type, rule.optionalOldSelf())));
                }
                compiled.put(node, List.copyOf(rules));
            }
        });
    }

    /** The compilers for one schema, for each type of {@code self} one. */
    private record Compilers(RuleTypes types, Map<Variables, CelCompiler> known) {

        private record Variables(CelType self, CelType oldSelf) {}

        Compilers(RuleTypes types) {
            this(types, new HashMap<>());
        }

        CelCompiler of(CelType self, boolean optionalOldSelf) {
            return known.computeIfAbsent(
                    new Variables(self, optionalOldSelf ? OptionalType.create(self) : self), this::make);
        }

        private CelCompiler make(Variables variables) {
            CelCompilerBuilder builder = CelEnvironment.compiler();
            return builder.setTypeProvider(types.provider())
                    .addVar(SELF, variables.self())
                    .addVar(OLD_SELF, variables.oldSelf())
                    .build();
        }
    }

    private static Compiled compile(Rule rule, StructuralSchema schema, CelCompiler compiler) {
        try {
            CelAbstractSyntaxTree tree = compiler.compile(rule.rule().strip()).getAst();
            CelRuntime.Program message = rule.messageExpression().isEmpty()
                    ? null
                    : CelEnvironment.runtime()
                            .createProgram(
                                    compiler.compile(rule.messageExpression().strip())
                                            .getAst());
            return new Compiled(
                    rule,
                    CelEnvironment.runtime().createProgram(tree),
                    message,
                    usesOldSelf(tree),
                    RuleFieldPath.normalize(rule.fieldPath(), schema),
                    "");
        } catch (CelValidationException | CelEvaluationException e) {
            return broken(rule, e.getMessage());
        }
    }

    private static Compiled broken(Rule rule, @Nullable String problem) {
        return new Compiled(rule, null, null, false, "", problem == null ? "" : problem);
    }

    private static boolean usesOldSelf(CelAbstractSyntaxTree tree) {
        return CelNavigableAst.fromAst(tree)
                .getRoot()
                .allNodes()
                .anyMatch(node -> node.expr().getKind() == dev.cel.common.ast.CelExpr.ExprKind.Kind.IDENT
                        && node.expr().ident().name().equals(OLD_SELF));
    }

    /** Adds what is wrong with the rules of a schema, when a definition is written. */
    static void check(StructuralSchema root, String path, List<FieldError> errors) {
        if (!root.hasRules()) {
            return;
        }
        RuleTypes types = new RuleTypes(root);
        new Check(types, new Compilers(types), errors).visit(root, path, null);
    }

    private record Check(RuleTypes types, Compilers compilers, List<FieldError> errors) {

        /** @param uncorrelatable below which list nobody can tell which item became which, null when everyone can */
        void visit(StructuralSchema schema, String path, @Nullable String uncorrelatable) {
            for (int i = 0; i < schema.rules().size(); i++) {
                rule(schema.rules().get(i), schema, path + ".x-kubernetes-validations[" + i + "]", uncorrelatable);
            }
            schema.properties()
                    .forEach((name, property) -> visit(property, path + ".properties[" + name + "]", uncorrelatable));
            if (schema.additional() != null) {
                visit(schema.additional(), path + ".additionalProperties", uncorrelatable);
            }
            if (schema.items() != null) {
                String below = uncorrelatable != null || schema.listType().equals("map") ? uncorrelatable : path;
                visit(schema.items(), path + ".items", below);
            }
        }

        private void rule(Rule rule, StructuralSchema schema, String path, @Nullable String uncorrelatable) {
            String text = rule.rule().strip();
            if (text.isEmpty()) {
                errors.add(FieldError.required(path + ".rule", "rule is not specified"));
                return;
            }
            message(rule, text, path);
            if (!rule.reason().isEmpty() && !REASONS.contains(rule.reason())) {
                errors.add(FieldError.notSupported(
                        path + ".reason",
                        rule.reason(),
                        List.of(
                                "FieldValueDuplicate",
                                "FieldValueForbidden",
                                "FieldValueInvalid",
                                "FieldValueRequired")));
            }
            if (!rule.fieldPath().isEmpty()) {
                String problem = RuleFieldPath.problem(rule.fieldPath(), schema);
                if (problem != null) {
                    errors.add(FieldError.invalid(
                            path + ".fieldPath", rule.fieldPath(), "fieldPath must be a valid path: " + problem));
                }
            }
            CelType type = types.of(schema);
            if (type == null) {
                errors.add(FieldError.invalid(
                        path + ".rule", text, "rules can't be about values whose type is not known"));
                return;
            }
            CelCompiler compiler = compilers.of(type, rule.optionalOldSelf());
            CelAbstractSyntaxTree tree = compile(compiler, text, path + ".rule", "compilation failed: ", CelKind.BOOL);
            if (tree != null && usesOldSelf(tree)) {
                if (uncorrelatable != null) {
                    errors.add(FieldError.invalid(
                            path + ".rule",
                            text,
                            "oldSelf cannot be used on the uncorrelatable portion of the schema within "
                                    + uncorrelatable));
                }
            } else if (tree != null && rule.optionalOldSelf()) {
                errors.add(FieldError.invalid(
                        path + ".optionalOldSelf", true, "may not be set if oldSelf is not used in rule"));
            }
            if (!rule.messageExpression().isEmpty()) {
                compile(
                        compiler,
                        rule.messageExpression().strip(),
                        path + ".messageExpression",
                        "messageExpression compilation failed: ",
                        CelKind.STRING);
            }
        }

        private void message(Rule rule, String text, String path) {
            String message = rule.message();
            if (!message.isEmpty() && message.isBlank()) {
                errors.add(FieldError.invalid(path + ".message", message, "message must be non-empty if specified"));
            } else if (message.strip().indexOf('\n') >= 0) {
                errors.add(FieldError.invalid(path + ".message", message, "message must not contain line breaks"));
            } else if (text.indexOf('\n') >= 0 && message.isEmpty()) {
                errors.add(FieldError.required(
                        path + ".message", "message must be specified if rule contains line breaks"));
            }
            if (!rule.messageExpression().isEmpty() && rule.messageExpression().isBlank()) {
                errors.add(FieldError.required(
                        path + ".messageExpression", "messageExpression must be non-empty if specified"));
            }
        }

        private @Nullable CelAbstractSyntaxTree compile(
                CelCompiler compiler, String text, String path, String failure, CelKind result) {
            try {
                CelAbstractSyntaxTree tree = compiler.compile(text).getAst();
                CelKind kind = tree.getResultType().kind();
                if (kind != result && kind != CelKind.DYN) {
                    errors.add(FieldError.invalid(
                            path,
                            text,
                            result == CelKind.BOOL
                                    ? failure + "must evaluate to a bool"
                                    : failure + "must evaluate to string"));
                    return null;
                }
                return tree;
            } catch (CelValidationException e) {
                errors.add(FieldError.invalid(path, text, failure + e.getMessage()));
                return null;
            }
        }
    }

    /** Adds what the rules find wrong with an object. */
    void validate(JsonNode object, @Nullable JsonNode old, List<FieldError> errors) {
        new Evaluation(errors).visit(object, old, root, "", true);
    }

    private final class Evaluation {

        private final List<FieldError> errors;
        private final RuleValues values = new RuleValues(types);
        private final RuleValues oldValues = new RuleValues(types);
        private final CelBudget budget = new CelBudget(CelBudget.PER_OBJECT);
        private boolean stopped;

        Evaluation(List<FieldError> errors) {
            this.errors = errors;
        }

        void visit(JsonNode value, @Nullable JsonNode old, StructuralSchema schema, String path, boolean isRoot) {
            if (value.isNull() || stopped) {
                return;
            }
            boolean unchanged = value.equals(old);
            for (Compiled rule : compiled.getOrDefault(schema, List.of())) {
                if (!stopped && (!unchanged || rule.usesOldSelf())) {
                    evaluate(rule, value, old, schema, path, isRoot);
                }
            }
            if (value instanceof ObjectNode object) {
                for (Map.Entry<String, JsonNode> field : object.properties()) {
                    String name = field.getKey();
                    StructuralSchema below = schema.properties().get(name);
                    if (below == null && schema.properties().isEmpty()) {
                        below = schema.additional();
                    }
                    if (below != null && below.hasRules()) {
                        visit(
                                field.getValue(),
                                old == null ? null : old.get(name),
                                below,
                                schema.properties().isEmpty()
                                        ? path + "[" + name + "]"
                                        : path.isEmpty() ? name : path + "." + name,
                                false);
                    }
                }
            } else if (value instanceof ArrayNode array
                    && schema.items() != null
                    && schema.items().hasRules()) {
                Function<JsonNode, @Nullable JsonNode> before = ValueRules.correlation(schema, old);
                for (int i = 0; i < array.size(); i++) {
                    visit(array.get(i), before.apply(array.get(i)), schema.items(), path + "[" + i + "]", false);
                }
            }
        }

        private void evaluate(
                Compiled compiled,
                JsonNode value,
                @Nullable JsonNode old,
                StructuralSchema schema,
                String path,
                boolean isRoot) {
            String field = path.isEmpty() ? ValueRules.NO_FIELD : path;
            String type = schema.type();
            Rule rule = compiled.rule();
            CelRuntime.Program program = compiled.program();
            if (program == null) {
                errors.add(FieldError.invalid(field, type, "rule compile error: " + compiled.problem()));
                return;
            }
            Object before = old == null || old.isNull() ? null : oldValues.of(old, schema, isRoot);
            if (compiled.usesOldSelf() && before == null && !rule.optionalOldSelf()) {
                return;
            }
            if (budget.isSpent()) {
                stop(
                        field,
                        type,
                        "validation failed due to running out of cost budget, no further validation rules will be run");
                return;
            }
            Map<String, Object> variables = new HashMap<>();
            variables.put(SELF, values.of(value, schema, isRoot));
            if (rule.optionalOldSelf()) {
                variables.put(OLD_SELF, Optional.ofNullable(before));
            } else if (before != null) {
                variables.put(OLD_SELF, before);
            }
            try {
                Object result = budget.evaluate(program, variables);
                if (!Boolean.TRUE.equals(result)) {
                    tell(compiled, field(path, compiled), type, variables);
                }
            } catch (BudgetExceededException e) {
                stop(
                        field,
                        type,
                        "'" + e.getMessage()
                                + "': no further validation rules will be run due to call cost exceeds limit"
                                + " for rule: " + name(rule));
            } catch (CelEvaluationException | RuntimeException e) {
                errors.add(FieldError.invalid(field, type, problem(e) + " evaluating rule: " + name(rule)));
            }
        }

        private static String problem(Exception e) {
            String message = e.getMessage();
            String prefix = "evaluation error";
            if (message != null && message.startsWith(prefix)) {
                int colon = message.indexOf(": ");
                message = colon < 0 ? message : message.substring(colon + 2);
            }
            return message == null ? e.getClass().getSimpleName() : message;
        }

        private void stop(String field, String type, String message) {
            stopped = true;
            errors.add(FieldError.invalid(field, type, message));
        }

        private static String field(String path, Compiled compiled) {
            String below = compiled.fieldPath();
            if (below.isEmpty()) {
                return path.isEmpty() ? ValueRules.NO_FIELD : path;
            }
            return path.isEmpty() ? below.substring(below.startsWith(".") ? 1 : 0) : path + below;
        }

        private void tell(Compiled compiled, String field, String type, Map<String, Object> variables) {
            Rule rule = compiled.rule();
            String detail = null;
            if (compiled.message() != null) {
                detail = message(compiled.message(), variables);
            }
            if (detail == null) {
                detail = rule.message().isBlank()
                        ? "failed rule: " + name(rule)
                        : rule.message().strip();
            }
            errors.add(
                    switch (rule.reason()) {
                        case "FieldValueForbidden" -> FieldError.forbidden(field, detail);
                        case "FieldValueRequired" -> FieldError.required(field, detail);
                        case "FieldValueDuplicate" -> FieldError.duplicate(field, type);
                        default -> FieldError.invalid(field, type, detail);
                    });
        }

        /** What the message expression says; null when it says nothing that can be told. */
        private @Nullable String message(CelRuntime.Program program, Map<String, Object> variables) {
            try {
                String message = budget.evaluate(program, variables) instanceof String text ? text.strip() : "";
                return message.isEmpty() || message.length() > LONGEST_MESSAGE || message.indexOf('\n') >= 0
                        ? null
                        : message;
            } catch (CelEvaluationException | BudgetExceededException | RuntimeException e) {
                return null;
            }
        }

        private static String name(Rule rule) {
            return rule.message().isBlank()
                    ? rule.rule().strip()
                    : rule.message().strip();
        }
    }
}
