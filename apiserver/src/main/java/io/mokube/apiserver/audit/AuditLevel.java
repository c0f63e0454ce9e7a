package io.mokube.apiserver.audit;

/** How much of a request is told; each level tells what those before it tell. */
enum AuditLevel {
    NONE("None"),
    METADATA("Metadata"),
    REQUEST("Request"),
    REQUEST_RESPONSE("RequestResponse");

    private final String text;

    AuditLevel(String text) {
        this.text = text;
    }

    /** As policies and events write it. */
    String text() {
        return text;
    }

    boolean tells(AuditLevel what) {
        return compareTo(what) >= 0;
    }
}
