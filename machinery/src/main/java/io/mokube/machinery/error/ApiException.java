package io.mokube.machinery.error;

import io.mokube.machinery.names.GroupResource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request failed for a reason that the user is told: carries the {@link Status} of the answer. Thrown by the API
 * server's code and rendered once, at the top of its pipeline; thrown by the client for every error answer.
 *
 * <p>The factories word their messages as Kubernetes does, because scripts match them.
 */
public final class ApiException extends RuntimeException {

    private final transient Status status;

    public ApiException(Status status) {
        super(status.message(), null, false, false);
        this.status = status;
    }

    public Status status() {
        return status;
    }

    public int code() {
        return status.code();
    }

    /** The machine-readable reason, such as {@code AlreadyExists}. */
    public String reason() {
        return status.reason();
    }

    public boolean isNotFound() {
        return status.reason().equals("NotFound");
    }

    public boolean isConflict() {
        return status.reason().equals("Conflict");
    }

    public boolean isAlreadyExists() {
        return status.reason().equals("AlreadyExists");
    }

    /** Whether the request may or may not have been carried out. */
    public boolean isTimeout() {
        return status.reason().equals("Timeout");
    }

    public static ApiException badRequest(String message) {
        return new ApiException(new Status(400, "BadRequest", message, null));
    }

    public static ApiException unauthorized() {
        return new ApiException(new Status(401, "Unauthorized", "Unauthorized", null));
    }

    /** 403; the detail comes after {@code <resource> "name" is forbidden: }. */
    public static ApiException forbidden(GroupResource resource, String name, String detail) {
        String subject = name.isEmpty() ? resource.toString() : resource + " \"" + name + "\"";
        return new ApiException(
                new Status(403, "Forbidden", subject + " is forbidden: " + detail, details(resource, name)));
    }

    /** 404 for an object. */
    public static ApiException notFound(GroupResource resource, String name) {
        return new ApiException(
                new Status(404, "NotFound", resource + " \"" + name + "\" not found", details(resource, name)));
    }

    /** 404 for a path that nothing serves. */
    public static ApiException noSuchPath() {
        return new ApiException(new Status(
                404,
                "NotFound",
                "the server could not find the requested resource",
                new Status.Details("", "", "", "", List.of(), 0)));
    }

    public static ApiException methodNotAllowed() {
        return new ApiException(new Status(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
                new Status.Details("", "", "", "", List.of(), 0)));
    }

    public static ApiException notAcceptable(String mediaTypes) {
        return new ApiException(
                new Status(406, "NotAcceptable", "only the following media types are accepted: " + mediaTypes, null));
    }

    public static ApiException alreadyExists(GroupResource resource, String name) {
        return new ApiException(new Status(
                409, "AlreadyExists", resource + " \"" + name + "\" already exists", details(resource, name)));
    }

    /** 409 with a detail of its own after {@code Operation cannot be fulfilled on <resource> "name": }. */
    public static ApiException conflict(GroupResource resource, String name, String detail) {
        return new ApiException(new Status(
                409,
                "Conflict",
                "Operation cannot be fulfilled on " + resource + " \"" + name + "\": " + detail,
                details(resource, name)));
    }

    /** 409 for a write with an old resourceVersion. */
    public static ApiException modified(GroupResource resource, String name) {
        return conflict(
                resource,
                name,
                "the object has been modified; please apply your changes to the latest version and try again");
    }

    public static ApiException gone(String message) {
        return new ApiException(new Status(410, "Expired", message, null));
    }

    public static ApiException tooLarge(String message) {
        return new ApiException(new Status(413, "RequestEntityTooLarge", message, null));
    }

    public static ApiException unsupportedMediaType(String mediaTypes) {
        return new ApiException(new Status(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: " + mediaTypes,
                null));
    }

    /** 422: the object of this kind breaks rules; there is at least one error. */
    public static ApiException invalid(String group, String kind, String name, List<FieldError> errors) {
        List<Status.Cause> causes = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        for (FieldError error : errors) {
            causes.add(new Status.Cause(error.type().reason(), error.message(), error.field()));
            if (!lines.contains(error.toString())) {
                lines.add(error.toString());
            }
        }
        String list = lines.size() == 1 ? lines.getFirst() : "[" + String.join(", ", lines) + "]";
        String qualifiedKind = group.isEmpty() ? kind : kind + "." + group;
        return new ApiException(new Status(
                422,
                "Invalid",
                qualifiedKind + " \"" + name + "\" is invalid: " + list,
                new Status.Details(name, group, kind, "", causes, 0)));
    }

    public static ApiException tooManyRequests(String message, int retryAfterSeconds) {
        return new ApiException(new Status(
                429, "TooManyRequests", message, new Status.Details("", "", "", "", List.of(), retryAfterSeconds)));
    }

    /** 500 for a bug or a broken neighbour. */
    public static ApiException internal(String message) {
        return new ApiException(new Status(
                500,
                "InternalError",
                "Internal error occurred: " + message,
                new Status.Details("", "", "", "", List.of(new Status.Cause("", message, "")), 0)));
    }

    /** 503: the store or a backend is away. */
    public static ApiException unavailable(String message) {
        return new ApiException(new Status(503, "ServiceUnavailable", message, null));
    }

    /** 504: the outcome was not known in time. */
    public static ApiException timeout(String message, int retryAfterSeconds, Status.@Nullable Cause cause) {
        return new ApiException(new Status(
                504,
                "Timeout",
                message,
                new Status.Details("", "", "", "", cause == null ? List.of() : List.of(cause), retryAfterSeconds)));
    }

    private static Status.Details details(GroupResource resource, String name) {
        return new Status.Details(name, resource.group(), resource.resource(), "", List.of(), 0);
    }
}
