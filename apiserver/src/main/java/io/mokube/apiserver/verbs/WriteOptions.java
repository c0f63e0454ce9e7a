package io.mokube.apiserver.verbs;

import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters of a write.
 *
 * @param dryRun everything is done but the store stays as it is
 * @param fieldValidation what happens to unknown fields
 * @param fieldManager who owns what the write changes, {@code ""} when not given
 */
record WriteOptions(boolean dryRun, FieldValidation fieldValidation, String fieldManager) {

    private static final int MAX_MANAGER_BYTES = 128;

    /**
     * Reads the parameters.
     *
     * @param kind {@code CreateOptions}, {@code UpdateOptions} or {@code PatchOptions}, for errors
     */
    static WriteOptions parse(Query query, String kind) {
        List<FieldError> errors = new ArrayList<>();
        checkManager(query.text("fieldManager"), errors);
        refuse(kind, errors);
        return read(query, kind);
    }

    /** Reads the parameters of a patch that is no apply, which can't be forced. */
    static WriteOptions parsePatch(Query query) {
        if (query.has("force")) {
            refuse("PatchOptions", List.of(FieldError.forbidden("force", "may not be specified for non-apply patch")));
        }
        return parse(query, "PatchOptions");
    }

    /** Reads the parameters of a server-side apply, which needs a manager. */
    static WriteOptions parseApply(Query query) {
        if (query.text("fieldManager").isEmpty()) {
            refuse("PatchOptions", List.of(FieldError.required("fieldManager", "is required for apply patch")));
        }
        return parse(query, "PatchOptions");
    }

    private static WriteOptions read(Query query, String kind) {
        return new WriteOptions(
                FieldValidation.parseDryRun(query.all("dryRun"), kind),
                FieldValidation.parse(query.text("fieldValidation"), kind),
                query.text("fieldManager"));
    }

    private static void checkManager(String manager, List<FieldError> errors) {
        if (manager.getBytes(StandardCharsets.UTF_8).length > MAX_MANAGER_BYTES) {
            errors.add(FieldError.tooLong("fieldManager", MAX_MANAGER_BYTES));
        }
        for (int i = 0; i < manager.length(); i += Character.charCount(manager.codePointAt(i))) {
            int character = manager.codePointAt(i);
            if (!isPrintable(character)) {
                errors.add(FieldError.invalid(
                        "fieldManager",
                        manager,
                        String.format("invalid character U+%04X (at position %d)", character, i)));
            }
        }
    }

    private static void refuse(String kind, List<FieldError> errors) {
        if (!errors.isEmpty()) {
            throw ApiException.invalid("meta.k8s.io", kind, "", errors);
        }
    }

    /** The manager of a write that names none: the first part of the client's name for itself. */
    static String managerOf(String userAgent) {
        int slash = userAgent.indexOf('/');
        StringBuilder manager = new StringBuilder();
        int bytes = 0;
        for (int character : (slash < 0 ? userAgent : userAgent.substring(0, slash))
                .codePoints()
                .toArray()) {
            if (!isPrintable(character)) {
                continue;
            }
            bytes += Character.toString(character).getBytes(StandardCharsets.UTF_8).length;
            if (bytes > MAX_MANAGER_BYTES) {
                break;
            }
            manager.appendCodePoint(character);
        }
        return manager.toString();
    }

    private static boolean isPrintable(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> character == ' ';
            default -> true;
        };
    }
}
