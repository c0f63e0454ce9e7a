package io.mokube.machinery.error;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The body of every error answer, {@code kind: Status} of {@code v1}.
 *
 * @param code the HTTP status
 * @param reason the machine-readable reason, such as {@code NotFound}; {@code ""} for none
 * @param message the sentence for people
 * @param details what the error is about, or null
 * @param continueToken how a list that expired between two pages may go on, else {@code ""}
 */
public record Status(
        int code, String reason, String message, @Nullable Details details, String continueToken) {

    public Status(int code, String reason, String message, @Nullable Details details) {
        this(code, reason, message, details, "");
    }

    /**
     * What an error is about.
     *
     * @param name the object's name, {@code ""} when unknown
     * @param group the API group
     * @param kind the resource (or, in 422 answers, the kind)
     * @param uid the object's UID, {@code ""} when unknown
     * @param causes the single failures
     * @param retryAfterSeconds when a client may try again, 0 for never said
     */
    public record Details(
            String name, String group, String kind, String uid, List<Cause> causes, int retryAfterSeconds) {

        public Details {
            causes = List.copyOf(causes);
        }
    }

    /** One failure: a machine-readable reason, a sentence and the field it is about ({@code ""} for none). */
    public record Cause(String reason, String message, String field) {}
}
