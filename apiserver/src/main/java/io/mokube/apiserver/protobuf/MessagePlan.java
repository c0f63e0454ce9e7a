package io.mokube.apiserver.protobuf;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How the fields of one message become fields of a JSON object: derived from the message's descriptor and the schema of
 * the object, once, and kept.
 *
 * @param fields by field number
 */
record MessagePlan(Map<Integer, FieldPlan> fields) {

    /**
     * One field.
     *
     * @param name the field's name in JSON
     * @param descriptor the field on the wire
     * @param inlined for a message whose fields stand in the parent object itself, as those of Go's embedded structs do
     * @param keepsZero whether a zero, a false or an empty text is kept
     */
    record FieldPlan(
            String name,
            FieldDescriptor descriptor,
            @Nullable MessagePlan inlined,
            boolean keepsZero) {}

    private static final Map<String, MessagePlan> PLANS = new ConcurrentHashMap<>();

    /** Names on the wire that differ from those in JSON by more than case. */
    private static final Map<String, String> RENAMED = Map.of(
            "JSONSchemaProps.ref", "$ref",
            "JSONSchemaProps.schema", "$schema",
            "JSONSchemaProps.xKubernetesPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields",
            "JSONSchemaProps.xKubernetesEmbeddedResource", "x-kubernetes-embedded-resource",
            "JSONSchemaProps.xKubernetesIntOrString", "x-kubernetes-int-or-string",
            "JSONSchemaProps.xKubernetesListMapKeys", "x-kubernetes-list-map-keys",
            "JSONSchemaProps.xKubernetesListType", "x-kubernetes-list-type",
            "JSONSchemaProps.xKubernetesMapType", "x-kubernetes-map-type",
            "JSONSchemaProps.xKubernetesValidations", "x-kubernetes-validations");

    /** The plan of a message that is an object of its own. */
    static MessagePlan of(Descriptor message) {
        String name = Messages.definitionName(message);
        return PLANS.computeIfAbsent(name, ignored -> {
            Schema schema = BuiltInSchemas.lean().find(name).orElse(null);
            return derive(message, schema instanceof ObjectSchema object ? object : null);
        });
    }

    /** From the descriptor and the schema of the object that the fields belong to, if one is known. */
    private static MessagePlan derive(Descriptor message, @Nullable ObjectSchema owner) {
        String definition = Messages.definitionName(message);
        Map<Integer, FieldPlan> fields = new HashMap<>();
        for (FieldDescriptor field : message.getFields()) {
            String name = jsonName(message, field, owner);
            boolean known = owner == null || owner.properties().containsKey(name);
            MessagePlan inlined = null;
            if (!known) {
                if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE || field.isRepeated()) {
                    // Older or newer than the schema: nothing to put it into.
                    continue;
                }
                inlined = derive(field.getMessageType(), owner);
            }
            boolean text = field.getJavaType() == FieldDescriptor.JavaType.STRING
                    || field.getJavaType() == FieldDescriptor.JavaType.BYTE_STRING;
            boolean required = owner != null && owner.required().contains(name);
            boolean keepsZero = required
                    || (text
                            ? ZeroValues.isTellingText(definition, name)
                            : !ZeroValues.isSilentNumber(definition, name));
            fields.put(field.getNumber(), new FieldPlan(name, field, inlined, keepsZero));
        }
        return new MessagePlan(Map.copyOf(fields));
    }

    private static String jsonName(Descriptor message, FieldDescriptor field, @Nullable ObjectSchema owner) {
        String name = field.getName();
        String renamed = RENAMED.get(message.getName() + "." + name);
        if (renamed != null) {
            return renamed;
        }
        if (owner != null && !owner.properties().containsKey(name)) {
            for (String property : owner.properties().keySet()) {
                if (property.equalsIgnoreCase(name)) {
                    return property;
                }
            }
        }
        return name;
    }
}
