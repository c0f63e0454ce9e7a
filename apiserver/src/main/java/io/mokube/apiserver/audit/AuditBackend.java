package io.mokube.apiserver.audit;

import tools.jackson.databind.node.ObjectNode;

/** Where events go. Safe for use by many threads; never fails a request. */
interface AuditBackend extends AutoCloseable {

    /** Takes an event, which nobody changes any more. */
    void tell(ObjectNode event);

    /** Sees the events off that were taken, within some seconds. */
    @Override
    void close();
}
