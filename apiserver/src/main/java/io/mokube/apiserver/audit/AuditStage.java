package io.mokube.apiserver.audit;

/** When in the course of a request an event is told. */
enum AuditStage {
    REQUEST_RECEIVED("RequestReceived"),
    /** Only of requests that last, such as watches. */
    RESPONSE_STARTED("ResponseStarted"),
    RESPONSE_COMPLETE("ResponseComplete"),
    /** The server failed. */
    PANIC("Panic");

    private final String text;

    AuditStage(String text) {
        this.text = text;
    }

    /** As policies and events write it. */
    String text() {
        return text;
    }
}
