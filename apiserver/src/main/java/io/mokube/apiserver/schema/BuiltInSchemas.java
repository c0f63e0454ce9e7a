package io.mokube.apiserver.schema;

import io.mokube.apiserver.schema.Schema.AnySchema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.apiserver.schema.Schema.MapSchema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.schema.Schema.PatchStrategy;
import io.mokube.apiserver.schema.Schema.Reference;
import io.mokube.apiserver.schema.Schema.ScalarSchema;
import io.mokube.apiserver.schema.Schema.ScalarType;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The schemas of the built-in kinds, read from the files that the build generates (and one for metrics, which is of another origin), a whole API package when the first
 * of its definitions is asked for. Safe for use by many threads.
 *
 * <p>Definitions have the names of Kubernetes' OpenAPI document, such as {@code io.k8s.api.core.v1.PodSpec}.
 */
public final class BuiltInSchemas {

    private static final BuiltInSchemas LEAN = new BuiltInSchemas(false);

    private static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1";

    /** Groups whose package is not their first word below {@code io.k8s.api}. */
    private static final Map<String, String> PACKAGES = Map.of(
            "", "io.k8s.api.core",
            "apiextensions.k8s.io", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
            "apiregistration.k8s.io", "io.k8s.kube-aggregator.pkg.apis.apiregistration",
            "meta.k8s.io", "io.k8s.apimachinery.pkg.apis.meta",
            "metrics.k8s.io", "io.k8s.metrics.pkg.apis.metrics");

    /** Built-in groups of more than one word before {@code k8s.io}. */
    private static final Set<String> LONGER_GROUPS =
            Set.of("flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "rbac.authorization.k8s.io");

    private final boolean described;
    private final Map<String, Map<String, Schema>> packages = new ConcurrentHashMap<>();

    private BuiltInSchemas(boolean described) {
        this.described = described;
    }

    /** Schemas without descriptions: what serving requests needs. One instance for all, kept. */
    public static BuiltInSchemas lean() {
        return LEAN;
    }

    /** A new set of schemas with descriptions, for writing documentation. */
    public static BuiltInSchemas described() {
        return new BuiltInSchemas(true);
    }

    /**
     * The schema of a kind.
     *
     * @throws IllegalArgumentException when this kind is not built in
     */
    public Schema of(GroupVersionKind kind) {
        String name = definitionName(kind);
        return find(name).orElseThrow(() -> new IllegalArgumentException("no schema " + name));
    }

    /** The schema with a definition's name. */
    public Optional<Schema> find(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0
                ? Optional.empty()
                : Optional.ofNullable(inPackage(name.substring(0, dot)).get(name));
    }

    /** All definitions of the package that the group version's kinds are in, by full name, in alphabetical order. */
    public Map<String, Schema> inPackage(String packageName) {
        return packages.computeIfAbsent(packageName, this::read);
    }

    /** The name a kind's definition has. Options and other kinds of the meta package belong to any group. */
    public static String definitionName(GroupVersionKind kind) {
        return packageName(kind.group(), kind.version()) + "." + kind.kind();
    }

    /** The package of a group version's definitions. */
    public static String packageName(String group, String version) {
        String root = PACKAGES.get(group);
        if (root == null) {
            int dot = group.indexOf('.');
            boolean builtIn = dot < 0 || group.substring(dot).equals(".k8s.io") || LONGER_GROUPS.contains(group);
            // A custom group may begin with the word of a built-in one.
            root = !builtIn ? group : "io.k8s.api." + (dot < 0 ? group : group.substring(0, dot));
        }
        return root + "." + version;
    }

    /** The package of the kinds that all groups share. */
    public static String metaPackage() {
        return META;
    }

    private Map<String, Schema> read(String packageName) {
        String resource = "/io/mokube/apischema/" + packageName;
        InputStream schema = BuiltInSchemas.class.getResourceAsStream(resource + ".schema");
        if (schema == null) {
            return Map.of();
        }
        InputStream text = described ? BuiltInSchemas.class.getResourceAsStream(resource + ".text") : null;
        try (BufferedReader lines = reader(schema);
                BufferedReader descriptions = reader(text == null ? InputStream.nullInputStream() : text)) {
            return new PackageReader(packageName, lines, descriptions).read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static BufferedReader reader(InputStream stream) {
        return new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
    }

    /** Reads one package's files, line by line; the generator says what is in them. */
    private final class PackageReader {

        private final String packageName;
        private final BufferedReader lines;
        private final BufferedReader descriptions;
        private final Map<String, Schema> schemas = new LinkedHashMap<>();

        private @Nullable String typeName;
        private String typeDescription = "";
        private boolean typeAtomic;
        private Map<String, Schema> properties = new LinkedHashMap<>();
        private Set<String> required = new LinkedHashSet<>();

        PackageReader(String packageName, BufferedReader lines, BufferedReader descriptions) {
            this.packageName = packageName;
            this.lines = lines;
            this.descriptions = descriptions;
        }

        Map<String, Schema> read() throws IOException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] parts = line.split("\t", -1);
                if (line.startsWith("=")) {
                    finishType();
                    typeName = packageName + "." + parts[0].substring(1);
                    typeDescription = description();
                    typeAtomic = line.endsWith("\tstruct=atomic");
                } else {
                    field(parts);
                }
            }
            finishType();
            return Collections.unmodifiableMap(schemas);
        }

        private void finishType() {
            if (typeName == null) {
                return;
            }
            schemas.put(
                    typeName,
                    new ObjectSchema(
                            typeDescription,
                            null,
                            false,
                            Collections.unmodifiableMap(properties),
                            Collections.unmodifiableSet(required),
                            false,
                            false,
                            typeAtomic,
                            PatchStrategy.MERGE));
            properties = new LinkedHashMap<>();
            required = new LinkedHashSet<>();
        }

        private void field(String[] parts) throws IOException {
            FieldAttributes attributes = FieldAttributes.parse(parts);
            if (attributes.required()) {
                required.add(parts[0].intern());
            }
            properties.put(parts[0].intern(), schema(parts[1], description(), attributes));
        }

        private String description() throws IOException {
            String line = descriptions.readLine();
            return line == null ? "" : line.translateEscapes();
        }

        private Schema schema(String type, String description, FieldAttributes attributes) {
            JsonNode defaultValue = attributes.defaultValue();
            if (type.startsWith("list(")) {
                return new ListSchema(
                        description,
                        defaultValue,
                        false,
                        schema(inner(type), "", attributes.ofItems()),
                        attributes.listType(),
                        attributes.mapKeys(),
                        attributes.patchStrategy() == null ? PatchStrategy.REPLACE : attributes.patchStrategy(),
                        attributes.mergeKey());
            } else if (type.startsWith("map(")) {
                Schema values = schema(inner(type), "", FieldAttributes.NONE);
                return new MapSchema(
                        description, defaultValue, false, values, Boolean.TRUE.equals(attributes.atomic()));
            } else if (type.indexOf('.') >= 0) {
                return reference(type, description, attributes);
            } else if (type.equals("any")) {
                return new AnySchema(description, defaultValue, false);
            }
            ScalarType scalar = scalarType(type);
            return new ScalarSchema(description, defaultValue, false, scalar, format(type), attributes.allowed());
        }

        private Reference reference(String name, String description, FieldAttributes attributes) {
            return new Reference(description, attributes.defaultValue(), false, name, () -> {
                Schema target = find(name).orElseThrow(() -> new IllegalStateException("no definition " + name));
                boolean asDefined = attributes.patchStrategy() == null && attributes.atomic() == null;
                return asDefined || !(target instanceof ObjectSchema object)
                        ? target
                        : new ObjectSchema(
                                object.description(),
                                object.defaultValue(),
                                object.nullable(),
                                object.properties(),
                                object.required(),
                                object.preserveUnknownFields(),
                                object.embeddedResource(),
                                attributes.atomic() == null ? object.atomic() : attributes.atomic(),
                                attributes.patchStrategy() == null
                                        ? object.patchStrategy()
                                        : attributes.patchStrategy());
            });
        }

        private static String inner(String type) {
            return type.substring(type.indexOf('(') + 1, type.length() - 1);
        }

        private static ScalarType scalarType(String type) {
            return switch (type) {
                case "string" -> ScalarType.STRING;
                case "int32", "int64" -> ScalarType.INTEGER;
                case "double" -> ScalarType.NUMBER;
                case "boolean" -> ScalarType.BOOLEAN;
                case "bytes" -> ScalarType.BYTES;
                case "time" -> ScalarType.TIME;
                case "microTime" -> ScalarType.MICRO_TIME;
                case "duration" -> ScalarType.DURATION;
                case "quantity" -> ScalarType.QUANTITY;
                case "intOrString" -> ScalarType.INT_OR_STRING;
                default -> throw new IllegalStateException("unknown type " + type);
            };
        }

        private static String format(String type) {
            return switch (type) {
                case "int32", "int64", "double" -> type;
                case "bytes" -> "byte";
                case "time", "microTime" -> "date-time";
                case "intOrString" -> "int-or-string";
                default -> "";
            };
        }
    }

    /**
     * What stands behind a field's name and type.
     *
     * @param atomic whether server-side apply sees it whole; null for as its type says
     */
    private record FieldAttributes(
            boolean required,
            ListType listType,
            List<String> mapKeys,
            @Nullable PatchStrategy patchStrategy,
            String mergeKey,
            @Nullable Boolean atomic,
            List<String> allowed,
            @Nullable JsonNode defaultValue) {

        static final FieldAttributes NONE =
                new FieldAttributes(false, ListType.ATOMIC, List.of(), null, "", null, List.of(), null);

        static FieldAttributes parse(String[] parts) {
            if (parts.length == 2) {
                return NONE;
            }
            boolean required = false;
            ListType listType = ListType.ATOMIC;
            List<String> mapKeys = List.of();
            PatchStrategy patchStrategy = null;
            String mergeKey = "";
            Boolean atomic = null;
            List<String> allowed = List.of();
            JsonNode defaultValue = null;
            for (int i = 2; i < parts.length; i++) {
                String part = parts[i];
                String value = part.substring(part.indexOf('=') + 1);
                if (part.equals("required")) {
                    required = true;
                } else if (part.equals("list=set")) {
                    listType = ListType.SET;
                } else if (part.startsWith("list=map:")) {
                    listType = ListType.MAP;
                    mapKeys = List.of(value.substring("map:".length()).split(","));
                } else if (part.startsWith("patch=")) {
                    int colon = value.indexOf(':');
                    patchStrategy = patchStrategy(colon < 0 ? value : value.substring(0, colon));
                    mergeKey = colon < 0 ? "" : value.substring(colon + 1);
                } else if (part.equals("struct=atomic") || part.equals("map=atomic")) {
                    atomic = true;
                } else if (part.equals("struct=granular")) {
                    atomic = false;
                } else if (part.startsWith("enum=")) {
                    allowed = List.of(value.split(","));
                } else if (part.startsWith("default=")) {
                    defaultValue = Json.MAPPER.readTree(value);
                } else {
                    throw new IllegalStateException("unknown attribute " + part);
                }
            }
            return new FieldAttributes(
                    required, listType, mapKeys, patchStrategy, mergeKey, atomic, allowed, defaultValue);
        }

        /** An enumeration on a list is of its items. */
        FieldAttributes ofItems() {
            return allowed.isEmpty()
                    ? NONE
                    : new FieldAttributes(false, ListType.ATOMIC, List.of(), null, "", null, allowed, null);
        }

        private static PatchStrategy patchStrategy(String text) {
            return switch (text) {
                case "replace" -> PatchStrategy.REPLACE;
                case "merge" -> PatchStrategy.MERGE;
                case "retainKeys" -> PatchStrategy.RETAIN_KEYS;
                case "merge,retainKeys" -> PatchStrategy.MERGE_RETAIN_KEYS;
                default -> throw new IllegalStateException("unknown patch strategy " + text);
            };
        }
    }
}
