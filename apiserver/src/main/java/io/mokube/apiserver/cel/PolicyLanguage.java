package io.mokube.apiserver.cel;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.List;

/**
 * The expressions of admission policies. What they are about is not typed: a field that does not exist is found out when
 * it is asked for.
 */
public final class PolicyLanguage {

    /** What an expression may speak of. */
    public static final List<String> VARIABLES =
            List.of("object", "oldObject", "request", "params", "namespaceObject", "authorizer", "variables");

    private static final CelCompiler COMPILER = makeCompiler();

    private PolicyLanguage() {}

    /** The compiler that knows these variables. */
    static CelCompiler compiler() {
        return COMPILER;
    }

    private static CelCompiler makeCompiler() {
        CelCompilerBuilder builder = CelEnvironment.compiler();
        VARIABLES.forEach(name ->
                builder.addVar(name, name.equals("authorizer") ? AuthorizerLibrary.AUTHORIZER : SimpleType.DYN));
        return builder.build();
    }

    /**
     * Makes a program of an expression.
     *
     * @param result what it must yield; {@code DYN} for anything
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static CelRuntime.Program compile(String expression, CelKind result) {
        try {
            CelAbstractSyntaxTree tree = COMPILER.compile(expression.strip()).getAst();
            CelKind kind = tree.getResultType().kind();
            if (result != CelKind.DYN && kind != CelKind.DYN && kind != result) {
                throw new IllegalArgumentException("must evaluate to " + (result == CelKind.BOOL ? "bool" : "string"));
            }
            return CelEnvironment.runtime().createProgram(tree);
        } catch (CelValidationException | CelEvaluationException e) {
            throw new IllegalArgumentException("compilation failed: " + e.getMessage(), e);
        }
    }
}
