package io.mokube.apiserver.request;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.StartedWatch;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What a request is answered, not yet in the form the client asked for. */
public sealed interface Answer {

    /** One object of the resource. */
    record One(int code, Served served, StoredObject object) implements Answer {}

    /**
     * Many objects of the resource.
     *
     * @param revision the state they are from; 0 for what was never stored
     * @param continueToken where the next page begins, {@code ""} when this is the last
     * @param remaining how many objects the next pages hold, null when that is not known
     */
    record Many(
            Served served,
            List<CachedObject> objects,
            long revision,
            String continueToken,
            @Nullable Long remaining) implements Answer {}

    /**
     * Changes as they happen.
     *
     * @param endsInitialEvents whether a bookmark marks the end of the objects that were there before
     * @param wantsBookmarks whether the client understands bookmarks
     * @param timeout when the watch ends
     */
    record Watching(
            Served served,
            Selection selection,
            StartedWatch watch,
            boolean endsInitialEvents,
            boolean wantsBookmarks,
            Duration timeout)
            implements Answer {}

    /** A document of its own kind: a scale, a review, a status. */
    record Document(int code, JsonNode tree) implements Answer {}

    /** Ready bytes. */
    record Bytes(int code, String contentType, Map<String, String> headers, byte[] content) implements Answer {

        public Bytes(int code, String contentType, byte[] content) {
            this(code, contentType, Map.of(), content);
        }
    }

    /** Bytes that come as they come: a container's log. */
    record Stream(int code, String contentType, StreamBody body) implements Answer {}

    /** What somebody else answered, passed on with his headers. */
    record Proxied(int code, List<RawRequest.Header> headers, StreamBody body) implements Answer {}

    /**
     * The connection goes on in another protocol.
     *
     * @param headers of the answer that says so
     */
    record Upgraded(List<RawRequest.Header> headers, Conversation conversation) implements Answer {}

    /** Writes a stream until its end, flushing when a reader should see something. */
    @FunctionalInterface
    interface StreamBody {
        void writeTo(OutputStream out) throws IOException;
    }
}
