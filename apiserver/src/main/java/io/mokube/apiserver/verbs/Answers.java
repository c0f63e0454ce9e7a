package io.mokube.apiserver.verbs;

import io.mokube.machinery.object.Json;
import tools.jackson.databind.node.ObjectNode;

/** Small documents that several verbs answer. */
final class Answers {

    private Answers() {}

    /** A status that says that what was posted has been done. */
    static ObjectNode created() {
        ObjectNode status = Json.MAPPER.createObjectNode();
        status.put("kind", "Status");
        status.put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Success");
        status.put("code", 201);
        return status;
    }
}
