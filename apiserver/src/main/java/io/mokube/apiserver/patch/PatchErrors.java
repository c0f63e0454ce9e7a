package io.mokube.apiserver.patch;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import java.util.List;

/** The answers to patches that can't be used, in Kubernetes' words. */
final class PatchErrors {

    private PatchErrors() {}

    /** 422: the patch is well formed but does not fit the object. */
    static ApiException doesNotApply(String why) {
        return new ApiException(new Status(
                422,
                "Invalid",
                "the server rejected our request due to an error in our request",
                new Status.Details("", "", "", "", List.of(new Status.Cause("UnexpectedServerResponse", why, "")), 0)));
    }

    /** 413: the patch costs more than one request may. */
    static ApiException tooExpensive(String what) {
        return ApiException.tooLarge("Request entity is too large: " + what);
    }
}
