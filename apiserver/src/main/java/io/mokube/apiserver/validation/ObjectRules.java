package io.mokube.apiserver.validation;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;

/**
 * All rules of one resource over objects of its storage version, in the order they are asked: metadata, schema, strategy.
 *
 * <p>Each method throws a 422 {@link ApiException} that lists everything wrong.
 */
public final class ObjectRules {

    private ObjectRules() {}

    /** Fills in defaults: those of the schema, then those of the strategy. */
    public static void applyDefaults(ResourceDefinition resource, KubeObject object) {
        Defaulter.apply(object.root(), schema(resource));
        resource.strategy().applyDefaults(object);
    }

    /** Checks a new object. */
    public static void validateCreate(ResourceDefinition resource, KubeObject object) {
        List<FieldError> errors = new ArrayList<>();
        ResourceStrategy strategy = resource.strategy();
        ObjectMetaValidation.validate(object, resource.namespaced(), strategy, errors);
        SchemaValidation.validate(object, schema(resource), errors);
        strategy.validateCreate(object, errors);
        refuse(resource, object, errors);
    }

    /** Checks a changed object. */
    public static void validateUpdate(ResourceDefinition resource, KubeObject object, KubeObject old) {
        List<FieldError> errors = new ArrayList<>();
        ResourceStrategy strategy = resource.strategy();
        ObjectMetaValidation.validateUpdate(object, old, resource.namespaced(), strategy, errors);
        SchemaValidation.validate(object, schema(resource), errors);
        strategy.validateUpdate(object, old, errors);
        refuse(resource, object, errors);
    }

    /** Checks an object changed through a subresource such as {@code status}. */
    public static void validateSubresourceUpdate(
            ResourceDefinition resource, String subresource, KubeObject object, KubeObject old) {
        List<FieldError> errors = new ArrayList<>();
        ResourceStrategy strategy = resource.strategy();
        ObjectMetaValidation.validateUpdate(object, old, resource.namespaced(), strategy, errors);
        strategy.validateSubresourceUpdate(subresource, object, old, errors);
        refuse(resource, object, errors);
    }

    private static Schema schema(ResourceDefinition resource) {
        return resource.storage().schema().get();
    }

    private static void refuse(ResourceDefinition resource, KubeObject object, List<FieldError> errors) {
        if (errors.isEmpty()) {
            return;
        }
        // The strategy speaks more precisely than the schema: say each thing once.
        List<FieldError> distinct = new ArrayList<>();
        for (FieldError error : errors) {
            distinct.removeIf(each -> each.type() == error.type()
                    && each.field().equals(error.field())
                    && error.message().startsWith(each.message()));
            distinct.add(error);
        }
        throw ApiException.invalid(resource.group(), resource.kind(), object.name(), distinct);
    }
}
