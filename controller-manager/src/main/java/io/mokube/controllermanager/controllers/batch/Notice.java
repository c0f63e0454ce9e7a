package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.client.event.EventRecorder;

/** Something worth an event. */
record Notice(boolean warning, String reason, String message) {

    static Notice normal(String reason, String message) {
        return new Notice(false, reason, message);
    }

    static Notice warning(String reason, String message) {
        return new Notice(true, reason, message);
    }

    void tell(EventRecorder events, HasMetadata about) {
        if (warning) {
            events.warning(about, reason, message);
        } else {
            events.normal(about, reason, message);
        }
    }
}
