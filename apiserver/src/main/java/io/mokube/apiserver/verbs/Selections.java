package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;

/** Reads which objects a list, a watch or a collection's deletion is about. */
public final class Selections {

    private Selections() {}

    /**
     * The namespace of the path and the selectors of the query.
     *
     * @throws ApiException 400 for a selector that can't be read or names an unknown field
     */
    public static Selection parse(ApiRequest request, Served served, List<String> selectableFields) {
        LabelSelector labels = labels(request.query().text("labelSelector"));
        FieldSelector fields = fields(request.query().text("fieldSelector"));
        for (FieldSelector.Requirement requirement : fields.requirements()) {
            if (!selectableFields.contains(requirement.field()) || !isOfVersion(requirement.field(), served)) {
                throw ApiException.badRequest(unknown(requirement.field(), served));
            }
        }
        return new Selection(Paths.namespace(request, served.definition()), labels, fields);
    }

    /** The cache knows the fields of all versions of a custom resource; each version names its own. */
    private static boolean isOfVersion(String field, Served served) {
        return served.version().custom() == null
                || field.startsWith("metadata.")
                || served.definition().strategy().selectableFields().containsKey(field);
    }

    /** Kubernetes has one sentence for kinds with fields of their own and another for the rest. */
    private static String unknown(String field, Served served) {
        return served.definition().strategy().selectableFields().isEmpty()
                ? "\"" + field + "\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                : "field label not supported: " + field;
    }

    private static LabelSelector labels(String text) {
        try {
            return LabelSelector.parse(text);
        } catch (IllegalArgumentException e) {
            throw ApiException.badRequest("unable to parse labelSelector \"" + text + "\": " + e.getMessage());
        }
    }

    private static FieldSelector fields(String text) {
        try {
            return FieldSelector.parse(text);
        } catch (IllegalArgumentException e) {
            throw ApiException.badRequest("unable to parse fieldSelector \"" + text + "\": " + e.getMessage());
        }
    }
}
