package io.mokube.client.rest;

import io.mokube.machinery.object.Json;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * How an object is deleted; null means the server's default.
 *
 * @param uid delete only the object with this UID
 * @param resourceVersion delete only at this version
 * @param gracePeriod how long the object may take to end; zero removes it at once
 * @param propagation what becomes of the objects that it owns
 */
public record DeleteOptions(
        @Nullable String uid,
        @Nullable String resourceVersion,
        @Nullable Duration gracePeriod,
        @Nullable Propagation propagation) {

    /** The server's defaults. */
    public static final DeleteOptions DEFAULT = new DeleteOptions(null, null, null, null);

    /** What becomes of the objects that a deleted object owns. */
    public enum Propagation {
        BACKGROUND("Background"),
        FOREGROUND("Foreground"),
        ORPHAN("Orphan");

        private final String word;

        Propagation(String word) {
            this.word = word;
        }
    }

    public DeleteOptions withUid(String onlyUid) {
        return new DeleteOptions(onlyUid, resourceVersion, gracePeriod, propagation);
    }

    public DeleteOptions withResourceVersion(String onlyVersion) {
        return new DeleteOptions(uid, onlyVersion, gracePeriod, propagation);
    }

    public DeleteOptions withGracePeriod(Duration grace) {
        return new DeleteOptions(uid, resourceVersion, grace, propagation);
    }

    public DeleteOptions withPropagation(Propagation policy) {
        return new DeleteOptions(uid, resourceVersion, gracePeriod, policy);
    }

    /** The request's body. */
    ObjectNode toJson() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", "DeleteOptions");
        root.put("apiVersion", "v1");
        if (gracePeriod != null) {
            root.put("gracePeriodSeconds", gracePeriod.toSeconds());
        }
        if (uid != null || resourceVersion != null) {
            ObjectNode preconditions = root.putObject("preconditions");
            if (uid != null) {
                preconditions.put("uid", uid);
            }
            if (resourceVersion != null) {
                preconditions.put("resourceVersion", resourceVersion);
            }
        }
        if (propagation != null) {
            root.put("propagationPolicy", propagation.word);
        }
        return root;
    }
}
