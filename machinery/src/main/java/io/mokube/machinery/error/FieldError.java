package io.mokube.machinery.error;

import tools.jackson.databind.JsonNode;

/**
 * A field of an object breaks a rule: one cause of a 422 answer. The messages read as Kubernetes writes them.
 *
 * @param type the kind of failure
 * @param field the path, such as {@code spec.containers[0].name}
 * @param message the failure without the path, such as {@code Required value: name or generateName is required}
 */
public record FieldError(Type type, String field, String message) {

    /** The reasons of Kubernetes' field errors with their machine-readable names and leading words. */
    public enum Type {
        REQUIRED("FieldValueRequired", "Required value"),
        INVALID("FieldValueInvalid", "Invalid value"),
        NOT_SUPPORTED("FieldValueNotSupported", "Unsupported value"),
        DUPLICATE("FieldValueDuplicate", "Duplicate value"),
        FORBIDDEN("FieldValueForbidden", "Forbidden"),
        NOT_FOUND("FieldValueNotFound", "Not found"),
        TOO_LONG("FieldValueTooLong", "Too long"),
        TOO_MANY("FieldValueTooMany", "Too many"),
        TYPE_INVALID("FieldValueTypeInvalid", "Invalid value");

        private final String reason;
        private final String words;

        Type(String reason, String words) {
            this.reason = reason;
            this.words = words;
        }

        /** The reason a {@code Status} cause carries. */
        public String reason() {
            return reason;
        }
    }

    /** {@code Required value} with an optional detail. */
    public static FieldError required(String field, String detail) {
        return new FieldError(Type.REQUIRED, field, join(Type.REQUIRED.words, detail));
    }

    /** {@code Invalid value: "x": detail}; strings are quoted, numbers, booleans and JSON are not. */
    public static FieldError invalid(String field, Object value, String detail) {
        return new FieldError(Type.INVALID, field, join(Type.INVALID.words + ": " + show(value), detail));
    }

    /** {@code Invalid value: detail}, of a value that says nothing or too much. */
    public static FieldError invalid(String field, String detail) {
        return new FieldError(Type.INVALID, field, join(Type.INVALID.words, detail));
    }

    /** {@code Unsupported value: "x": supported values: "a", "b"}. */
    public static FieldError notSupported(String field, Object value, Iterable<String> supported) {
        StringBuilder list = new StringBuilder();
        for (String each : supported) {
            list.append(list.isEmpty() ? "" : ", ").append('"').append(each).append('"');
        }
        String detail = list.isEmpty() ? "" : "supported values: " + list;
        return new FieldError(Type.NOT_SUPPORTED, field, join(Type.NOT_SUPPORTED.words + ": " + show(value), detail));
    }

    /** {@code Duplicate value: "x"}. */
    public static FieldError duplicate(String field, Object value) {
        return new FieldError(Type.DUPLICATE, field, Type.DUPLICATE.words + ": " + show(value));
    }

    /** {@code Forbidden: detail}. */
    public static FieldError forbidden(String field, String detail) {
        return new FieldError(Type.FORBIDDEN, field, join(Type.FORBIDDEN.words, detail));
    }

    /** {@code Not found: "x"}. */
    public static FieldError notFound(String field, Object value) {
        return new FieldError(Type.NOT_FOUND, field, Type.NOT_FOUND.words + ": " + show(value));
    }

    /** {@code Too long: may not be more than N bytes}. */
    public static FieldError tooLong(String field, int maxBytes) {
        return new FieldError(
                Type.TOO_LONG, field, Type.TOO_LONG.words + ": may not be more than " + maxBytes + " bytes");
    }

    /** {@code Too many: 7: must have at most 5 items}. */
    public static FieldError tooMany(String field, int actual, int most) {
        return new FieldError(
                Type.TOO_MANY,
                field,
                Type.TOO_MANY.words + ": " + actual + ": must have at most " + most + " item" + (most == 1 ? "" : "s"));
    }

    /** The line a 422 answer shows for this failure. */
    @Override
    public String toString() {
        return field + ": " + message;
    }

    private static String join(String words, String detail) {
        return detail.isEmpty() ? words : words + ": " + detail;
    }

    private static String show(Object value) {
        boolean isPlain = value instanceof Number || value instanceof Boolean || value instanceof JsonNode;
        return isPlain ? value.toString() : "\"" + value + "\"";
    }
}
