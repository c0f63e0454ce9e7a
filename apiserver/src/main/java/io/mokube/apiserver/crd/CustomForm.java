package io.mokube.apiserver.crd;

import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.validation.Defaulter;
import io.mokube.apiserver.validation.StructuralReader;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One version of a custom resource, ready to read, complete and judge objects. Safe for use by many threads. */
final class CustomForm {

    private final StructuralSchema schema;
    private final ObjectSchema shape;
    private final ValueRules values;
    private final Lazy<CustomRules> rules;
    private final boolean hasDefaults;

    /** @param given the schema of the version */
    CustomForm(JsonNode given) {
        this.schema = StructuralSchema.parse(given);
        this.shape = SchemaForms.shape(schema);
        this.values = new ValueRules(schema);
        this.rules = new Lazy<>(() -> new CustomRules(schema));
        boolean[] found = new boolean[1];
        schema.visit("", (path, node) -> found[0] |= node.defaultValue() != null);
        this.hasDefaults = found[0];
    }

    ObjectSchema shape() {
        return shape;
    }

    boolean hasDefaults() {
        return hasDefaults;
    }

    /** Drops what the version does not know and fills in its defaults. */
    void complete(KubeObject object) {
        StructuralReader.prune(object.root(), shape);
        Defaulter.apply(object.root(), shape);
    }

    /** Adds what is wrong with an object; CEL rules are asked only about objects that are otherwise well. */
    void validate(KubeObject object, @Nullable KubeObject old, List<FieldError> errors) {
        int before = errors.size();
        values.validate(object.root(), old == null ? null : old.root(), errors);
        if (!schema.hasRules()) {
            return;
        }
        if (errors.size() > before) {
            errors.add(new FieldError(
                    FieldError.Type.INVALID,
                    ValueRules.NO_FIELD,
                    "Invalid value: \"null\": some validation rules were not checked because the object was invalid;"
                            + " correct the existing errors to complete validation"));
            return;
        }
        rules.get().validate(object.root(), old == null ? null : old.root(), errors);
    }
}
