package io.mokube.scheduler.devices;

import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOptions;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import io.mokube.machinery.quantity.Quantity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The expressions by which claims and classes select devices, in CEL over the variable {@code device}: its {@code driver},
 * its {@code attributes} and {@code capacity} by domain and name, and whether it {@code allowMultipleAllocations}. Compiles each expression once. Safe for use by many
 * threads.
 */
public final class DeviceExpressions {

    /** An expression that can't be understood, or has no answer for a device. The message is for the user. */
    public static final class UnclearException extends RuntimeException {
        UnclearException(String message) {
            super(message, null, false, false);
        }
    }

    /** The expressions of a cluster are few; more than these are forgotten and compiled again. */
    private static final int MOST_KEPT = 1_000;

    private final Map<String, CelRuntime.Program> programs = new LinkedHashMap<>();

    /**
     * Whether an expression holds of a device.
     *
     * @throws UnclearException when it has no answer
     */
    boolean holds(String expression, DeviceFacts device) {
        try {
            Object answer = program(expression).eval(Map.of("device", variable(device)));
            if (answer instanceof Boolean holds) {
                return holds;
            }
            throw new UnclearException("CEL expression must evaluate to bool: " + expression);
        } catch (CelEvaluationException e) {
            throw new UnclearException("CEL runtime error: " + e.getMessage());
        }
    }

    private synchronized CelRuntime.Program program(String expression) throws CelEvaluationException {
        CelRuntime.Program known = programs.get(expression);
        if (known != null) {
            return known;
        }
        try {
            CelRuntime.Program made = Language.RUNTIME.createProgram(
                    Language.COMPILER.compile(expression).getAst());
            if (programs.size() >= MOST_KEPT) {
                programs.clear();
            }
            programs.put(expression, made);
            return made;
        } catch (CelValidationException e) {
            throw new UnclearException("CEL compile error: " + e.getMessage());
        }
    }

    private static Map<String, Object> variable(DeviceFacts device) {
        return Map.of(
                "driver",
                device.id().driver(),
                "attributes",
                byDomain(device.attributes()),
                "capacity",
                byDomain(device.capacity()),
                "allowMultipleAllocations",
                device.shareable());
    }

    private static Map<String, Map<String, Object>> byDomain(Map<String, ?> values) {
        Map<String, Map<String, Object>> domains = new DomainMap();
        values.forEach((name, value) -> {
            int slash = name.indexOf('/');
            domains.computeIfAbsent(name.substring(0, slash), domain -> new HashMap<>())
                    .put(name.substring(slash + 1), value);
        });
        return domains;
    }

    /** A domain of which a device has nothing is empty, so that {@code has()} can ask for a name in it. */
    private static final class DomainMap extends HashMap<String, Map<String, Object>> {

        private static final long serialVersionUID = 1L;

        @Override
        public Map<String, Object> get(Object domain) {
            return getOrDefault(domain, Map.of());
        }

        @Override
        public boolean containsKey(Object domain) {
            return domain instanceof String;
        }
    }

    /** The language, set up when the first expression is met: most clusters have none. */
    @SuppressWarnings("Immutable") // the functions close over functions without state
    private static final class Language {

        private static final CelType QUANTITY = OpaqueType.create("kubernetes.Quantity");
        private static final CelType VERSION = OpaqueType.create("kubernetes.Semver");

        private static final CelOptions OPTIONS = CelOptions.current()
                .enableOptionalSyntax(true)
                .enableHeterogeneousNumericComparisons(true)
                .build();

        private static final Map<String, List<CelOverloadDecl>> DECLARATIONS = new HashMap<>();
        private static final List<CelFunctionBinding> BINDINGS = new ArrayList<>();

        static {
            parser("quantity", QUANTITY, Quantity::parse);
            parser("semver", VERSION, SemanticVersion::parse);
            ordered("quantity", QUANTITY, Quantity.class);
            ordered("semver", VERSION, SemanticVersion.class);
            part("major", SemanticVersion::major);
            part("minor", SemanticVersion::minor);
            part("patch", SemanticVersion::patch);
        }

        private static final CelCompiler COMPILER = CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(OPTIONS)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .addLibraries(CelExtensions.strings(), CelExtensions.bindings(), CelExtensions.optional())
                .addFunctionDeclarations(DECLARATIONS.entrySet().stream()
                        .map(each -> CelFunctionDecl.newFunctionDeclaration(each.getKey(), each.getValue()))
                        .toList())
                .addVar("device", MapType.create(SimpleType.STRING, SimpleType.DYN))
                .build();

        private static final CelRuntime RUNTIME = CelRuntimeFactory.standardCelRuntimeBuilder()
                .setOptions(OPTIONS)
                .addLibraries(CelExtensions.strings(), CelExtensions.optional())
                .addFunctionBindings(BINDINGS)
                .build();

        private Language() {}

        private static void declare(String name, CelOverloadDecl overload) {
            DECLARATIONS.computeIfAbsent(name, any -> new ArrayList<>()).add(overload);
        }

        private static void parser(String name, CelType type, Function<String, Object> parse) {
            declare(name, CelOverloadDecl.newGlobalOverload("device_" + name, type, SimpleType.STRING));
            BINDINGS.add(CelFunctionBinding.from("device_" + name, String.class, parse::apply));
        }

        private static <T extends Comparable<T>> void ordered(String kind, CelType type, Class<T> values) {
            compared(kind, "isGreaterThan", SimpleType.BOOL, type, values, (a, b) -> a.compareTo(b) > 0);
            compared(kind, "isLessThan", SimpleType.BOOL, type, values, (a, b) -> a.compareTo(b) < 0);
            compared(kind, "compareTo", SimpleType.INT, type, values, (a, b) -> (long) Integer.signum(a.compareTo(b)));
        }

        private static <T> void compared(
                String kind,
                String name,
                CelType result,
                CelType type,
                Class<T> values,
                BiFunction<T, T, Object> function) {
            String id = "device_" + kind + "_" + name;
            declare(name, CelOverloadDecl.newMemberOverload(id, result, type, type));
            BINDINGS.add(CelFunctionBinding.from(id, values, values, function::apply));
        }

        private static void part(String name, Function<SemanticVersion, Long> part) {
            String id = "device_semver_" + name;
            declare(name, CelOverloadDecl.newMemberOverload(id, SimpleType.INT, VERSION));
            BINDINGS.add(CelFunctionBinding.from(id, SemanticVersion.class, part::apply));
        }
    }
}
