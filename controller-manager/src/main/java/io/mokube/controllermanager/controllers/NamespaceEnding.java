package io.mokube.controllermanager.controllers;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;

/** Tells a write that failed because its namespace is going away, which is nothing to repair. */
public final class NamespaceEnding {

    private NamespaceEnding() {}

    public static boolean isCauseOf(ApiException error) {
        Status.Details details = error.status().details();
        return details != null
                && (details.causes().stream().anyMatch(cause -> cause.reason().equals("NamespaceTerminating"))
                        || (error.isNotFound() && details.kind().equals("namespaces")));
    }
}
