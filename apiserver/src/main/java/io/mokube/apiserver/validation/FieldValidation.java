package io.mokube.apiserver.validation;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import java.util.List;

/** What happens to unknown and duplicate fields, the {@code fieldValidation} parameter of a write. */
public enum FieldValidation {
    /** Dropped in silence. */
    IGNORE,
    /** Dropped, and told in a warning. */
    WARN,
    /** Refused. */
    STRICT;

    /**
     * Reads the parameter.
     *
     * @param value the parameter, {@code ""} for the default
     * @param optionsKind {@code CreateOptions}, {@code UpdateOptions} or {@code PatchOptions}, for the error
     * @throws ApiException 422 for any other word
     */
    public static FieldValidation parse(String value, String optionsKind) {
        return switch (value) {
            case "", "Warn" -> WARN;
            case "Ignore" -> IGNORE;
            case "Strict" -> STRICT;
            default ->
                throw ApiException.invalid(
                        "meta.k8s.io",
                        optionsKind,
                        "",
                        List.of(FieldError.notSupported(
                                "fieldValidation", value, List.of("", "Ignore", "Strict", "Warn"))));
        };
    }

    /**
     * Reads the {@code dryRun} parameters: whether nothing is to be stored.
     *
     * @throws ApiException 422 for anything but {@code All}
     */
    public static boolean parseDryRun(List<String> values, String optionsKind) {
        for (String value : values) {
            if (!value.equals("All")) {
                throw ApiException.invalid(
                        "meta.k8s.io",
                        optionsKind,
                        "",
                        List.of(FieldError.notSupported("dryRun", value, List.of("All"))));
            }
        }
        return !values.isEmpty();
    }
}
