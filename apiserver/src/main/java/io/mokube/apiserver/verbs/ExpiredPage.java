package io.mokube.apiserver.verbs;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;

/** The answer to a page whose state is gone: 410 with a token to go on, inconsistently. */
final class ExpiredPage {

    private ExpiredPage() {}

    static ApiException at(String message, String start) {
        String token = new ContinueToken(ContinueToken.INCONSISTENT, start).toString();
        return new ApiException(new Status(410, "Expired", message, null, token));
    }
}
