package io.mokube.apiserver.verbs;

import io.mokube.apiserver.patch.JsonPatch;
import io.mokube.apiserver.patch.MergePatch;
import io.mokube.apiserver.patch.StrategicMergePatch;
import io.mokube.apiserver.registry.Outcome;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.validation.DocumentReader;
import io.mokube.apiserver.validation.DocumentSyntax;
import io.mokube.apiserver.validation.MalformedInputException;
import io.mokube.apiserver.validation.StrictDecoder;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** PATCH of an object, or of one of the subresources that take the object itself. */
public final class PatchVerb implements Verb {

    private static final String ACCEPTED_BY_CUSTOM =
            "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
    static final String ACCEPTED =
            "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, "
                    + ApplyVerb.APPLY;

    private final Writes writes;
    private final ApplyVerb apply;

    public PatchVerb(Backend backend) {
        this.writes = new Writes(backend);
        this.apply = new ApplyVerb(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        if (request.contentType().equals(ApplyVerb.APPLY)) {
            return apply.answer(request, served);
        }
        ResourceDefinition definition = served.definition();
        WriteOptions options = WriteOptions.parsePatch(request.query());
        Schema schema = served.version().schema().get();
        if (served.version().custom() != null
                && request.contentType().equals("application/strategic-merge-patch+json")) {
            throw ApiException.unsupportedMediaType(ACCEPTED_BY_CUSTOM);
        }
        Patch patch = read(request, schema);
        ObjectKey key = Paths.key(request, definition);
        Writes.Writer writer = Writes.Writer.of(request, served, options);
        String subresource = request.info().subresource();
        Outcome outcome = writes.update(definition, key, subresource, writer, current -> {
            String revision = current.resourceVersion();
            KubeObject before = current.deepCopy();
            served.version().conversion().fromStorage(before);
            StrictDecoder.Decoded decoded = StrictDecoder.decodePatched(
                    patch.apply(before.root()), patch.duplicates(), served.kind(), schema, options.fieldValidation());
            decoded.warnings().forEach(request::warn);
            KubeObject object = decoded.object();
            checkNames(object, key);
            served.version().conversion().toStorage(object);
            // Only a patch that names another revision than the present one lost a race.
            if (!object.resourceVersion().isEmpty() && !object.resourceVersion().equals(revision)) {
                throw ApiException.modified(definition.groupResource(), key.name());
            }
            return object;
        });
        return UpdateVerb.answer(served, outcome);
    }

    /** Refuses a patch that makes the object another one. */
    static void checkNames(KubeObject object, ObjectKey key) {
        if (object.name().isEmpty()) {
            throw ApiException.badRequest("the name of the object (" + key.name()
                    + " based on URL) was undeterminable: name must be provided");
        }
        if (!object.name().equals(key.name())) {
            throw ApiException.badRequest("the name of the object (" + object.name()
                    + ") does not match the name on the URL (" + key.name() + ")");
        }
        if (!object.namespace().equals(key.namespace())) {
            throw ApiException.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    /**
     * A patch ready to be applied, again and again.
     *
     * @param duplicates the fields the patch itself gives twice
     */
    record Patch(UnaryOperator<JsonNode> change, List<String> duplicates) {

        /** The patched tree, which shares nothing with a later application. */
        ObjectNode apply(ObjectNode target) {
            if (!(change.apply(target) instanceof ObjectNode patched)) {
                throw ApiException.invalid(
                        "", "", "", List.of(FieldError.invalid("patch", "", "the result is no object")));
            }
            return patched.deepCopy();
        }
    }

    static Patch read(ApiRequest request, Schema schema) {
        return switch (request.contentType()) {
            case "application/json-patch+json" -> {
                DocumentReader.Document document = document(request);
                JsonPatch patch = JsonPatch.of(document.tree());
                yield new Patch(patch::apply, document.duplicates());
            }
            case "application/merge-patch+json" -> {
                DocumentReader.Document document = document(request);
                ObjectNode patch = object(document);
                yield new Patch(target -> MergePatch.apply(target, patch.deepCopy()), document.duplicates());
            }
            case "application/strategic-merge-patch+json" -> {
                DocumentReader.Document document = document(request);
                ObjectNode patch = object(document);
                yield new Patch(
                        target -> StrategicMergePatch.apply((ObjectNode) target, patch.deepCopy(), schema),
                        document.duplicates());
            }
            default -> throw ApiException.unsupportedMediaType(ACCEPTED);
        };
    }

    private static DocumentReader.Document document(ApiRequest request) {
        try {
            return DocumentReader.read(request.body(), DocumentSyntax.JSON);
        } catch (MalformedInputException e) {
            throw ApiException.badRequest("error decoding patch: " + e.explanation());
        }
    }

    private static ObjectNode object(DocumentReader.Document document) {
        if (document.tree() instanceof ObjectNode object) {
            return object;
        }
        throw ApiException.badRequest("error decoding patch: the patch is no JSON object");
    }
}
