package io.mokube.apiserver.crd;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableMap;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.common.types.StructTypeReference;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A schema as types of the expression language, so that rules about fields that do not exist don't compile. */
final class RuleTypes {

    private static final Set<String> RESERVED = Set.of(
            "true",
            "false",
            "null",
            "in",
            "as",
            "break",
            "const",
            "continue",
            "else",
            "for",
            "function",
            "if",
            "import",
            "let",
            "loop",
            "package",
            "namespace",
            "return",
            "var",
            "void",
            "while");

    private final Provider provider;
    private final IdentityHashMap<StructuralSchema, CelType> bySchema = new IdentityHashMap<>();

    /** The types that have names. */
    private record Provider(ImmutableMap<String, CelType> named) implements CelTypeProvider {

        @Override
        public ImmutableCollection<CelType> types() {
            return named.values();
        }

        @Override
        public Optional<CelType> findType(String name) {
            return Optional.ofNullable(named.get(name));
        }
    }

    RuleTypes(StructuralSchema root) {
        Map<String, CelType> collected = new LinkedHashMap<>();
        collect(root, "object", true, collected);
        this.provider = new Provider(ImmutableMap.copyOf(collected));
    }

    /** The type of the values of a schema; null when rules can't speak of them. */
    @Nullable
    CelType of(StructuralSchema schema) {
        return bySchema.get(schema);
    }

    CelTypeProvider provider() {
        return provider;
    }

    private @Nullable CelType collect(
            StructuralSchema schema, String name, boolean hasMeta, Map<String, CelType> collected) {
        CelType type = make(schema, name, hasMeta || schema.embedded(), collected);
        if (type != null) {
            bySchema.put(schema, type);
        }
        return type;
    }

    private @Nullable CelType make(
            StructuralSchema schema, String name, boolean hasMeta, Map<String, CelType> collected) {
        if (schema.intOrString()) {
            return SimpleType.DYN;
        }
        return switch (schema.type()) {
            case "boolean" -> SimpleType.BOOL;
            case "integer" -> SimpleType.INT;
            case "number" -> SimpleType.DOUBLE;
            case "string" ->
                switch (schema.format()) {
                    case "byte" -> SimpleType.BYTES;
                    case "duration" -> SimpleType.DURATION;
                    case "date", "date-time" -> SimpleType.TIMESTAMP;
                    default -> SimpleType.STRING;
                };
            case "array" -> {
                StructuralSchema items = schema.items();
                CelType item = items == null ? null : collect(items, name + ".@idx", false, collected);
                yield item == null ? null : ListType.create(item);
            }
            case "object" -> {
                StructuralSchema values = schema.additional();
                if (values != null && schema.properties().isEmpty()) {
                    CelType value = collect(values, name + ".@elem", false, collected);
                    yield value == null ? null : MapType.create(SimpleType.STRING, value);
                }
                yield struct(schema, name, hasMeta, collected);
            }
            default -> null;
        };
    }

    private CelType struct(StructuralSchema schema, String name, boolean hasMeta, Map<String, CelType> collected) {
        Map<String, CelType> fields = new LinkedHashMap<>();
        schema.properties().forEach((property, child) -> {
            String escaped = escape(property);
            CelType type = escaped == null ? null : collect(child, name + "." + property, false, collected);
            if (type != null) {
                fields.put(escaped, type);
            }
        });
        if (hasMeta) {
            fields.put("apiVersion", SimpleType.STRING);
            fields.put("kind", SimpleType.STRING);
            fields.put("metadata", metadata(name + ".metadata", collected));
        }
        return define(name, fields, collected);
    }

    private static CelType metadata(String name, Map<String, CelType> collected) {
        return define(name, Map.of("name", SimpleType.STRING, "generateName", SimpleType.STRING), collected);
    }

    private static CelType define(String name, Map<String, CelType> fields, Map<String, CelType> collected) {
        ImmutableMap<String, CelType> known = ImmutableMap.copyOf(fields);
        StructType type = StructType.create(name, known.keySet(), field -> Optional.ofNullable(known.get(field)));
        collected.put(name, type);
        return StructTypeReference.create(name);
    }

    /** A field's name as rules write it; null for names that no rule can write. */
    static @Nullable String escape(String name) {
        if (RESERVED.contains(name)) {
            return "__" + name + "__";
        }
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char each = name.charAt(i);
            boolean isLetter = each == '_' || (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
            boolean isDigit = each >= '0' && each <= '9';
            if (each == '_' && i + 1 < name.length() && name.charAt(i + 1) == '_') {
                escaped.append("__underscores__");
                i++;
            } else if (each == '.') {
                escaped.append("__dot__");
            } else if (each == '-') {
                escaped.append("__dash__");
            } else if (each == '/') {
                escaped.append("__slash__");
            } else if (isLetter || (isDigit && i > 0)) {
                escaped.append(each);
            } else {
                return null;
            }
        }
        return escaped.toString();
    }
}
