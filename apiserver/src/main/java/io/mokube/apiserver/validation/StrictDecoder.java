package io.mokube.apiserver.validation;

import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes an object of a known kind out of a request body, as Kubernetes does: kind and apiVersion may be left out but not
 * differ, unknown and duplicate fields are told or refused, wrong types are refused, nulls vanish, and kind, apiVersion and
 * metadata come first.
 */
public final class StrictDecoder {

    private StrictDecoder() {}

    /**
     * A decoded object.
     *
     * @param object in the version it was sent in
     * @param warnings the unknown and duplicate fields, such as {@code unknown field "spec.x"}
     */
    public record Decoded(KubeObject object, List<String> warnings) {}

    /**
     * Decodes a request body.
     *
     * @param expected the kind the URL asks for
     * @param schema the schema of that kind
     * @throws ApiException 400 saying what is wrong
     */
    public static Decoded decode(
            byte[] body,
            DocumentSyntax syntax,
            GroupVersionKind expected,
            Schema schema,
            FieldValidation fieldValidation) {
        DocumentReader.Document document;
        try {
            document = DocumentReader.read(body, syntax);
        } catch (MalformedInputException e) {
            throw ApiException.badRequest("the object provided is unrecognized (must be of type " + expected.kind()
                    + "): couldn't get version/kind; json parse error: " + e.explanation());
        }
        if (!(document.tree() instanceof ObjectNode root)) {
            throw ApiException.badRequest("the object provided is unrecognized (must be of type " + expected.kind()
                    + "): couldn't get version/kind; json parse error: json: cannot unmarshal "
                    + SchemaReader.typeName(document.tree()) + " into Go value of type object");
        }
        return decode(root, document.duplicates(), expected, schema, fieldValidation);
    }

    /** Decodes a tree that was read elsewhere (protobuf), which it changes. */
    public static Decoded decode(
            ObjectNode root, GroupVersionKind expected, Schema schema, FieldValidation fieldValidation) {
        return decode(root, List.of(), expected, schema, fieldValidation);
    }

    private static Decoded decode(
            ObjectNode root,
            List<String> duplicates,
            GroupVersionKind expected,
            Schema schema,
            FieldValidation fieldValidation) {
        try {
            return check(root, duplicates, expected, schema, fieldValidation);
        } catch (MalformedInputException e) {
            throw ApiException.badRequest(expected.kind() + " in version \"" + expected.version()
                    + "\" cannot be handled as a " + expected.kind() + ": " + e.explanation());
        }
    }

    private static Decoded check(
            ObjectNode root,
            List<String> duplicates,
            GroupVersionKind expected,
            Schema schema,
            FieldValidation fieldValidation)
            throws MalformedInputException {
        checkType(root, expected);
        List<String> strictErrors = strictErrors(root, schema, expected.kind(), duplicates);
        if (fieldValidation == FieldValidation.STRICT && !strictErrors.isEmpty()) {
            throw new MalformedInputException("strict decoding error: " + String.join(", ", strictErrors));
        }
        return new Decoded(new KubeObject(root), fieldValidation == FieldValidation.IGNORE ? List.of() : strictErrors);
    }

    /**
     * Decodes the result of a patch, which it changes.
     *
     * @param duplicates the duplicate fields of the patch itself
     * @throws ApiException 422 saying what is wrong, because the request body itself was well formed
     */
    public static Decoded decodePatched(
            ObjectNode root,
            List<String> duplicates,
            GroupVersionKind expected,
            Schema schema,
            FieldValidation fieldValidation) {
        try {
            return check(root, duplicates, expected, schema, fieldValidation);
        } catch (MalformedInputException e) {
            throw ApiException.invalid(
                    "", "", "", List.of(FieldError.invalid("patch", abbreviate(root.toString()), e.explanation())));
        }
    }

    private static List<String> strictErrors(ObjectNode root, Schema schema, String kind, List<String> duplicates)
            throws MalformedInputException {
        List<String> strictErrors = new ArrayList<>();
        SchemaReader.read(root, schema, kind, strictErrors);
        for (String duplicate : duplicates) {
            strictErrors.add("duplicate field \"" + duplicate + "\"");
        }
        typeFirst(root);
        return strictErrors;
    }

    private static void checkType(ObjectNode root, GroupVersionKind expected) throws MalformedInputException {
        String apiVersion = expected.groupVersion().apiVersion();
        String givenVersion = text(root, "apiVersion");
        String givenKind = text(root, "kind");
        if (givenVersion.isEmpty()) {
            root.put("apiVersion", apiVersion);
        } else if (!givenVersion.equals(apiVersion)) {
            throw ApiException.badRequest("the API version in the data (" + givenVersion
                    + ") does not match the expected API version (" + apiVersion + ")");
        }
        if (givenKind.isEmpty()) {
            root.put("kind", expected.kind());
        } else if (!givenKind.equals(expected.kind())) {
            throw ApiException.badRequest(givenKind + " in version \""
                    + GroupVersion.parse(apiVersion).version() + "\" cannot be handled as a " + expected.kind()
                    + ": the kind in the data (" + givenKind + ") does not match the expected kind ("
                    + expected.kind() + ")");
        }
    }

    private static String text(ObjectNode root, String field) throws MalformedInputException {
        JsonNode value = root.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return "";
        }
        if (!value.isString()) {
            throw new MalformedInputException("couldn't get version/kind; json parse error: json: cannot unmarshal "
                    + SchemaReader.typeName(value) + " into Go struct field ." + field + " of type string");
        }
        return value.stringValue();
    }

    /** Brings kind, apiVersion and metadata to the front, where the cache splices the resourceVersion in. */
    public static void typeFirst(ObjectNode root) {
        JsonNode kind = root.remove("kind");
        JsonNode apiVersion = root.remove("apiVersion");
        JsonNode metadata = root.remove("metadata");
        List<java.util.Map.Entry<String, JsonNode>> rest = new ArrayList<>(root.properties());
        root.removeAll();
        if (kind != null) {
            root.set("kind", kind);
        }
        if (apiVersion != null) {
            root.set("apiVersion", apiVersion);
        }
        if (metadata != null) {
            root.set("metadata", metadata);
        } else {
            root.putObject("metadata");
        }
        rest.forEach(field -> root.set(field.getKey(), field.getValue()));
    }

    private static String abbreviate(String text) {
        return text.length() <= 2000 ? text : text.substring(0, 2000) + "...";
    }
}
