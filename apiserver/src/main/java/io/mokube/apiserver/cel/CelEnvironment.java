package io.mokube.apiserver.cel;

import dev.cel.common.CelOptions;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;

/** The language as Kubernetes sets it up. */
public final class CelEnvironment {

    /** Enough for any regular expression that a person wrote. */
    private static final int LARGEST_REGEX_PROGRAM = 10_000;

    private static final CelOptions OPTIONS = CelOptions.current()
            .enableOptionalSyntax(true)
            .enableHeterogeneousNumericComparisons(true)
            .maxRegexProgramSize(LARGEST_REGEX_PROGRAM)
            .build();

    private static final CelRuntime RUNTIME = CelRuntimeFactory.standardCelRuntimeBuilder()
            .setOptions(OPTIONS)
            .addLibraries(
                    CelExtensions.strings(),
                    CelExtensions.math(),
                    CelExtensions.sets(OPTIONS),
                    CelExtensions.optional(),
                    CelExtensions.encoders(OPTIONS),
                    CelExtensions.comprehensions(),
                    KubernetesLibrary.INSTANCE,
                    AuthorizerLibrary.INSTANCE)
            .build();

    private CelEnvironment() {}

    /** A compiler that knows all functions; variables and types are the caller's. */
    public static CelCompilerBuilder compiler() {
        return CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(OPTIONS)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .addLibraries(
                        CelExtensions.strings(),
                        CelExtensions.math(),
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.bindings(),
                        CelExtensions.optional(),
                        CelExtensions.encoders(OPTIONS),
                        CelExtensions.comprehensions(),
                        KubernetesLibrary.INSTANCE,
                        AuthorizerLibrary.INSTANCE);
    }

    /** Runs what the compiler made. */
    public static CelRuntime runtime() {
        return RUNTIME;
    }
}
