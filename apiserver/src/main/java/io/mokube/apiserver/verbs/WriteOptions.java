package io.mokube.apiserver.verbs;

import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.validation.FieldValidation;

/**
 * The parameters of a write.
 *
 * @param dryRun everything is done but the store stays as it is
 * @param fieldValidation what happens to unknown fields
 */
record WriteOptions(boolean dryRun, FieldValidation fieldValidation) {

    /**
     * @param kind {@code CreateOptions}, {@code UpdateOptions} or {@code PatchOptions}, for errors
     */
    static WriteOptions parse(Query query, String kind) {
        return new WriteOptions(
                FieldValidation.parseDryRun(query.all("dryRun"), kind),
                FieldValidation.parse(query.text("fieldValidation"), kind));
    }
}
