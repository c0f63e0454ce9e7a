package io.mokube.apiserver.cel;

import dev.cel.checker.CelCheckerBuilder;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.types.CelType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompilerLibrary;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelFunctionOverload;
import dev.cel.runtime.CelRuntimeBuilder;
import dev.cel.runtime.CelRuntimeLibrary;
import io.mokube.apiserver.cel.AccessQuestion.Answer;
import java.util.ArrayList;
import java.util.List;

/** The functions by which an expression asks what its user, or a service account, may do. */
@SuppressWarnings("Immutable") // The functions close over nothing.
final class AuthorizerLibrary implements CelCompilerLibrary, CelRuntimeLibrary {

    static final CelType AUTHORIZER = OpaqueType.create("kubernetes.authorization.Authorizer");
    private static final CelType PATH = OpaqueType.create("kubernetes.authorization.PathCheck");
    private static final CelType GROUP = OpaqueType.create("kubernetes.authorization.GroupCheck");
    private static final CelType RESOURCE = OpaqueType.create("kubernetes.authorization.ResourceCheck");
    private static final CelType DECISION = OpaqueType.create("kubernetes.authorization.Decision");

    static final AuthorizerLibrary INSTANCE = new AuthorizerLibrary();

    private final List<CelFunctionDecl> declarations = new ArrayList<>();
    private final List<CelFunctionBinding> bindings = new ArrayList<>();

    private AuthorizerLibrary() {
        part("path", AUTHORIZER, PATH);
        part("group", AUTHORIZER, GROUP);
        part("resource", GROUP, RESOURCE);
        part("subresource", RESOURCE, RESOURCE);
        part("namespace", RESOURCE, RESOURCE);
        part("name", RESOURCE, RESOURCE);
        declare(
                "serviceAccount",
                CelOverloadDecl.newMemberOverload(
                        "authorizer_serviceaccount",
                        AUTHORIZER,
                        List.of(AUTHORIZER, SimpleType.STRING, SimpleType.STRING)));
        bind(
                "authorizer_serviceaccount",
                List.of(AccessQuestion.class, String.class, String.class),
                args -> ((AccessQuestion) args[0]).with("serviceAccount", args[1] + ":" + args[2]));
        CelFunctionOverload check = args -> ((AccessQuestion) args[0]).ask((String) args[1]);
        declare(
                "check",
                CelOverloadDecl.newMemberOverload("pathcheck_check", DECISION, List.of(PATH, SimpleType.STRING)),
                CelOverloadDecl.newMemberOverload(
                        "resourcecheck_check", DECISION, List.of(RESOURCE, SimpleType.STRING)));
        bind("pathcheck_check", List.of(AccessQuestion.class, String.class), check);
        bind("resourcecheck_check", List.of(AccessQuestion.class, String.class), check);
        decision("allowed", SimpleType.BOOL, args -> ((Answer) args[0]).allowed());
        decision("reason", SimpleType.STRING, args -> ((Answer) args[0]).reason());
        decision("errored", SimpleType.BOOL, args -> false);
        decision("error", SimpleType.STRING, args -> "");
    }

    /** A function that says one more thing of what is asked. */
    private void part(String part, CelType on, CelType result) {
        String id = "authorizer_" + part;
        declare(part, CelOverloadDecl.newMemberOverload(id, result, List.of(on, SimpleType.STRING)));
        bind(
                id,
                List.of(AccessQuestion.class, String.class),
                args -> ((AccessQuestion) args[0]).with(part, (String) args[1]));
    }

    private void decision(String function, CelType result, CelFunctionOverload value) {
        String id = "decision_" + function;
        declare(function, CelOverloadDecl.newMemberOverload(id, result, List.of(DECISION)));
        bind(id, List.of(Answer.class), value);
    }

    private void declare(String function, CelOverloadDecl... overloads) {
        declarations.add(CelFunctionDecl.newFunctionDeclaration(function, overloads));
    }

    private void bind(String id, List<Class<?>> arguments, CelFunctionOverload function) {
        bindings.add(CelFunctionBinding.from(id, arguments, function));
    }

    @Override
    public void setCheckerOptions(CelCheckerBuilder checker) {
        checker.addFunctionDeclarations(declarations);
    }

    @Override
    public void setParserOptions(dev.cel.parser.CelParserBuilder parser) {}

    @Override
    public void setRuntimeOptions(CelRuntimeBuilder runtime) {
        runtime.addFunctionBindings(bindings);
    }
}
