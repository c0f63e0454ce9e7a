package io.mokube.apiserver.http;

import io.mokube.apiserver.cache.CacheEvent;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.cache.WatchItem;
import io.mokube.apiserver.cache.WatchItem.Reason;
import io.mokube.apiserver.cache.Watcher;
import io.mokube.apiserver.http.ObjectForms.IncludeObject;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Form;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.table.TableLayout;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.error.StatusJson;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Serves watches as lines of JSON. An event's bytes are made once for all watchers that want the same form; for whole
 * objects in their stored version they are the stored bytes themselves. Bytes are flushed when no more news wait.
 */
final class WatchStreams {

    private static final byte[] NOTHING = new byte[0];
    private static final byte[] LINE_END = "}\n".getBytes(StandardCharsets.US_ASCII);

    private final WatchCache cache;
    private final Clock clock;

    WatchStreams(WatchCache cache, Clock clock) {
        this.cache = cache;
        this.clock = clock;
    }

    /** Serves a watch until it ends, on the calling thread. */
    void serve(ApiRequest request, Answer.Watching watching, HttpServletResponse response) throws IOException {
        begin(request.form(), response);
        serve(request, watching, new Lines(response));
    }

    /** Serves a watch with a message for each event until it ends, on the calling thread. */
    void serve(ApiRequest request, Answer.Watching watching, WebSocketFeed.Messages messages) throws IOException {
        serve(request, watching, new MessageSink(messages));
    }

    private void serve(ApiRequest request, Answer.Watching watching, Sink sink) throws IOException {
        Watcher watcher = watching.watch().watcher();
        GroupResource resource = watching.served().definition().storedAs();
        Clock.Timer end = clock.schedule(watching.timeout(), () -> {
            if (watching.wantsBookmarks()) {
                cache.bookmark(resource, watcher);
            }
            watcher.end(Reason.FINISHED);
        });
        try (watcher) {
            new Stream(request, watching, sink).run();
        } catch (ApiException e) {
            // An object that can't be converted ends the watch: the client would miss it.
            writeError(e.status(), sink.event());
            sink.end();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (InterruptedException e) {
            // The server stops for good; the client notices the end of the stream.
            Thread.currentThread().interrupt();
        } finally {
            end.cancel();
        }
    }

    /** Answers a watch that can't begin, because its history is gone, the way clients expect: with one event. */
    void serveError(Status status, Form form, HttpServletResponse response) throws IOException {
        begin(form, response);
        writeError(status, response.getOutputStream());
    }

    /** The same event as a message. */
    void serveError(Status status, WebSocketFeed.Messages messages) throws IOException {
        MessageSink sink = new MessageSink(messages);
        writeError(status, sink.event());
        sink.end();
    }

    /** Where events go. */
    private interface Sink {

        /** Where to write the next event. */
        OutputStream event() throws IOException;

        /** The event is complete. */
        void end() throws IOException;

        /** Nothing more waits: what was written must go out. */
        void flush() throws IOException;
    }

    /** One line for each event. */
    private record Lines(HttpServletResponse response) implements Sink {

        @Override
        public OutputStream event() throws IOException {
            return response.getOutputStream();
        }

        @Override
        public void end() {}

        @Override
        public void flush() throws IOException {
            response.flushBuffer();
        }
    }

    /** One message for each event. */
    private static final class MessageSink implements Sink {

        private final WebSocketFeed.Messages messages;
        private final ByteArrayOutputStream event = new ByteArrayOutputStream();

        MessageSink(WebSocketFeed.Messages messages) {
            this.messages = messages;
        }

        @Override
        public OutputStream event() {
            return event;
        }

        @Override
        public void end() throws IOException {
            messages.send(event.toByteArray());
            event.reset();
        }

        @Override
        public void flush() {}
    }

    private static void begin(Form form, HttpServletResponse response) {
        response.setStatus(200);
        response.setContentType(form.contentType());
        response.setHeader("Cache-Control", "no-cache, private");
    }

    private static void writeError(Status status, OutputStream out) throws IOException {
        out.write("{\"type\":\"ERROR\",\"object\":".getBytes(StandardCharsets.US_ASCII));
        out.write(Json.MAPPER.writeValueAsBytes(StatusJson.write(status)));
        out.write(LINE_END);
    }

    /** What the encodings of an event are kept by. */
    private record EncodingKey(
            String group,
            String plural,
            String version,
            Form.View view,
            String metaVersion,
            IncludeObject include,
            boolean before) {}

    private final class Stream {

        private final Answer.Watching watching;
        private final Served served;
        private final Form form;
        private final IncludeObject include;
        private final Sink sink;

        /** Columns are told once. */
        private boolean columnsTold;

        Stream(ApiRequest request, Answer.Watching watching, Sink sink) {
            this.watching = watching;
            this.served = watching.served();
            this.form = new Form(request.form().view(), request.form().metaVersion(), Form.Syntax.JSON);
            this.include = IncludeObject.parse(request.query().text("includeObject"));
            this.sink = sink;
        }

        void run() throws IOException, InterruptedException {
            Watcher watcher = watching.watch().watcher();
            writeFirst(watcher);
            if (!watcher.hasMore()) {
                sink.flush();
            }
            while (true) {
                for (WatchItem item : watcher.take()) {
                    switch (item) {
                        case WatchItem.Change change -> write(change);
                        case WatchItem.Bookmark bookmark -> write(bookmark);
                        case WatchItem.End end -> {
                            finish(end.reason());
                            return;
                        }
                    }
                }
                if (!watcher.hasMore()) {
                    sink.flush();
                }
            }
        }

        private void writeFirst(Watcher watcher) throws IOException {
            String end = watching.selection().endKey();
            watching.watch().objects().scan(watching.selection().firstKey(), entry -> {
                if (entry.key().compareTo(end) >= 0) {
                    return false;
                }
                if (watching.selection().test(entry)) {
                    write(new WatchItem.Change(WatchItem.Type.ADDED, entry, entry.object(), null));
                }
                return true;
            });
            for (CacheEvent event : watching.watch().backlog()) {
                WatchItem.Change change = watcher.change(event);
                if (change != null) {
                    write(change);
                }
            }
            if (watching.endsInitialEvents()) {
                write(new WatchItem.Bookmark(watching.watch().revision(), true));
            }
        }

        private void write(WatchItem.Change change) {
            try {
                boolean stored = ObjectForms.isStoredForm(served, form, change.object());
                // What may fail comes before the first byte of the event.
                byte[] encoded = stored ? NOTHING : encode(change);
                OutputStream out = sink.event();
                out.write(("{\"type\":\"" + change.type() + "\",\"object\":").getBytes(StandardCharsets.US_ASCII));
                if (stored) {
                    change.object().writeTo(out);
                } else {
                    out.write(encoded);
                }
                out.write(LINE_END);
                sink.end();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private byte[] encode(WatchItem.Change change) {
            CacheEvent event = change.event();
            if (event == null || (form.view() == Form.View.TABLE && !columnsTold)) {
                return encode(change.object());
            }
            EncodingKey key = new EncodingKey(
                    served.definition().group(),
                    served.definition().plural(),
                    served.version().name(),
                    form.view(),
                    form.metaVersion(),
                    include,
                    change.type() == WatchItem.Type.DELETED);
            return event.encoding(key, () -> encode(change.object()));
        }

        private byte[] encode(StoredObject object) {
            KubeObject tree = ObjectForms.convert(served, object);
            JsonNode node =
                    switch (form.view()) {
                        case OBJECT -> tree.root();
                        case PARTIAL -> ObjectForms.partial(tree, form.metaVersion());
                        case TABLE -> table(tree.resourceVersion(), tree);
                    };
            return Json.MAPPER.writeValueAsBytes(node);
        }

        private ObjectNode table(String resourceVersion, @Nullable KubeObject object) {
            ObjectNode metadata = Json.MAPPER.createObjectNode();
            metadata.put("resourceVersion", resourceVersion);
            TableLayout layout = served.version().table();
            ObjectNode table = ObjectForms.table(form, metadata, layout, !columnsTold);
            columnsTold = true;
            ArrayNode rows = table.putArray("rows");
            if (object != null) {
                rows.add(ObjectForms.row(object, form, layout, include, clock.instant()));
            }
            return table;
        }

        private void write(WatchItem.Bookmark bookmark) throws IOException {
            String revision = Long.toString(bookmark.revision());
            ObjectNode object =
                    switch (form.view()) {
                        case TABLE -> table(revision, null);
                        case OBJECT ->
                            bare(
                                    served.kind().groupVersion().apiVersion(),
                                    served.kind().kind(),
                                    revision);
                        case PARTIAL -> bare("meta.k8s.io/" + form.metaVersion(), "PartialObjectMetadata", revision);
                    };
            if (bookmark.endsInitialEvents()) {
                ((ObjectNode) Objects.requireNonNull(object.get("metadata")))
                        .putObject("annotations")
                        .put("k8s.io/initial-events-end", "true");
            }
            OutputStream out = sink.event();
            out.write("{\"type\":\"BOOKMARK\",\"object\":".getBytes(StandardCharsets.US_ASCII));
            out.write(Json.MAPPER.writeValueAsBytes(object));
            out.write(LINE_END);
            sink.end();
        }

        private void finish(Reason reason) throws IOException {
            switch (reason) {
                case FINISHED -> {}
                case EXPIRED -> {
                    writeError(
                            ApiException.gone("The resourceVersion for the provided watch is too old.")
                                    .status(),
                            sink.event());
                    sink.end();
                }
                case TOO_SLOW ->
                    // Cut off without an end, so that no proxy takes the stream for complete.
                    throw new IOException("the client reads its watch too slowly");
            }
            sink.flush();
        }

        private static ObjectNode bare(String apiVersion, String kind, String revision) {
            KubeObject object = KubeObject.of(apiVersion, kind);
            object.setMetadata("resourceVersion", revision);
            return object.root();
        }
    }
}
