package io.mokube.client.rest;

/** How the body of a PATCH changes an object. */
public enum PatchKind {
    JSON("application/json-patch+json"),
    MERGE("application/merge-patch+json"),
    STRATEGIC("application/strategic-merge-patch+json"),
    APPLY("application/apply-patch+yaml");

    private final String mediaType;

    PatchKind(String mediaType) {
        this.mediaType = mediaType;
    }

    /** The body's Content-Type. */
    public String mediaType() {
        return mediaType;
    }
}
