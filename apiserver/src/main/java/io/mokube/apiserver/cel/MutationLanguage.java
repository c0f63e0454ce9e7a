package io.mokube.apiserver.cel;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelMutableAst;
import dev.cel.common.CelValidationException;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelMutableExpr;
import dev.cel.common.ast.CelMutableExpr.CelMutableComprehension;
import dev.cel.common.ast.CelMutableExpr.CelMutableMap;
import dev.cel.common.ast.CelMutableExpr.CelMutableStruct;
import dev.cel.common.types.CelKind;
import dev.cel.compiler.CelCompiler;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The expressions of mutating policies, which make objects: {@code Object{spec: Object.spec{replicas: 3}}} is part of an
 * object, {@code JSONPatch{op: "add", path: "/a", value: 1}} an operation. A type's name says where in an object it
 * belongs; that is checked here, and then such an expression is one that makes maps.
 */
public final class MutationLanguage {

    private static final String OBJECT = "Object";
    private static final String OPERATION = "JSONPatch";
    private static final Set<String> OPERATION_FIELDS = Set.of("op", "path", "from", "value");

    /** What an expression makes. */
    public enum Makes {
        /** Part of an object. */
        CONFIGURATION,
        /** A list of operations. */
        OPERATIONS
    }

    private long lastId;

    private MutationLanguage(long lastId) {
        this.lastId = lastId;
    }

    /**
     * Makes a program of an expression, which yields a map or a list of maps.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static CelRuntime.Program compile(String expression, Makes makes) {
        CelCompiler compiler = PolicyLanguage.compiler();
        try {
            CelMutableAst tree =
                    CelMutableAst.fromCelAst(compiler.parse(expression.strip()).getAst());
            // Identifiers only need to differ from those of the parser.
            new MutationLanguage(1_000_000).plain(tree.expr());
            CelAbstractSyntaxTree checked = compiler.check(tree.toParsedAst()).getAst();
            CelKind wanted = makes == Makes.CONFIGURATION ? CelKind.MAP : CelKind.LIST;
            CelKind kind = checked.getResultType().kind();
            if (kind != CelKind.DYN && kind != wanted) {
                throw new IllegalArgumentException(
                        "must evaluate to " + (makes == Makes.CONFIGURATION ? OBJECT : "list(" + OPERATION + ")"));
            }
            return CelEnvironment.runtime().createProgram(checked);
        } catch (CelValidationException | CelEvaluationException e) {
            throw new IllegalArgumentException("compilation failed: " + e.getMessage(), e);
        }
    }

    /** Turns what makes objects into what makes maps, from the inside out. */
    private void plain(CelMutableExpr expression) {
        switch (expression.getKind()) {
            case STRUCT -> {
                check(expression.struct());
                List<CelMutableMap.Entry> entries = new ArrayList<>();
                for (CelMutableStruct.Entry entry : expression.struct().entries()) {
                    plain(entry.value());
                    CelMutableExpr key = CelMutableExpr.ofConstant(++lastId, CelConstant.ofValue(entry.fieldKey()));
                    entries.add(CelMutableMap.Entry.create(++lastId, key, entry.value(), entry.optionalEntry()));
                }
                expression.setMap(CelMutableMap.create(entries));
            }
            case MAP ->
                expression.map().entries().forEach(entry -> {
                    plain(entry.key());
                    plain(entry.value());
                });
            case LIST -> expression.list().elements().forEach(this::plain);
            case SELECT -> plain(expression.select().operand());
            case CALL -> {
                expression.call().target().ifPresent(this::plain);
                expression.call().args().forEach(this::plain);
            }
            case COMPREHENSION -> {
                CelMutableComprehension loop = expression.comprehension();
                plain(loop.iterRange());
                plain(loop.accuInit());
                plain(loop.loopCondition());
                plain(loop.loopStep());
                plain(loop.result());
            }
            case CONSTANT, IDENT, NOT_SET -> {}
        }
    }

    private static void check(CelMutableStruct made) {
        String type = made.messageName();
        boolean operation = type.equals(OPERATION);
        if (!operation && !type.equals(OBJECT) && !type.startsWith(OBJECT + ".")) {
            throw new IllegalArgumentException("compilation failed: undeclared reference to '" + type + "'");
        }
        for (CelMutableStruct.Entry entry : made.entries()) {
            String field = entry.fieldKey();
            if (!operation) {
                belongs(entry.value(), type + "." + field);
            } else if (!OPERATION_FIELDS.contains(field)) {
                throw new IllegalArgumentException("compilation failed: undefined field '" + field + "'");
            }
        }
    }

    private static void belongs(CelMutableExpr value, String place) {
        switch (value.getKind()) {
            case STRUCT -> {
                String type = value.struct().messageName();
                if (!type.equals(place)) {
                    throw new IllegalArgumentException(
                            "compilation failed: unexpected type name \"" + type + "\", expected \"" + place + "\"");
                }
            }
            case LIST -> value.list().elements().forEach(item -> belongs(item, place));
            default -> {}
        }
    }
}
