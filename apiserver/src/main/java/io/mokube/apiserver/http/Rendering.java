package io.mokube.apiserver.http;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.http.ObjectForms.IncludeObject;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Form;
import io.mokube.apiserver.resources.Conversion;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.table.PolicyTables;
import io.mokube.apiserver.table.TableLayout;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.error.StatusJson;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/** Writes answers, in the form the client asked for. The stored bytes go out as they are wherever they can. */
final class Rendering {

    /** Smaller answers are not worth packing; Kubernetes draws the line here too. */
    private static final int LEAST_PACKED_BYTES = 128 * 1024;

    private static final int LIST_BUFFER_BYTES = 64 * 1024;

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
            .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
            .enable(YAMLWriteFeature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .build();

    private final Clock clock;
    private final WatchStreams watches;

    Rendering(Clock clock, WatchStreams watches) {
        this.clock = clock;
        this.watches = watches;
    }

    /** Writes an answer. */
    void write(ApiRequest request, Answer answer, HttpServletResponse response) throws IOException {
        for (String warning : request.warnings()) {
            response.addHeader("Warning", "299 - " + quote(warning));
        }
        switch (answer) {
            case Answer.One one -> writeOne(request, one, response);
            case Answer.Many many -> writeMany(request, many, response);
            case Answer.Watching watching -> watches.serve(request, watching, response);
            case Answer.Document document -> writeDocument(request, document, response);
            case Answer.Bytes bytes -> {
                begin(response, bytes.code(), bytes.contentType());
                bytes.headers().forEach(response::setHeader);
                if (bytes.code() != 304) {
                    writeBytes(bytes.content(), response);
                }
            }
            case Answer.Stream stream -> {
                begin(response, stream.code(), stream.contentType());
                stream.body().writeTo(response.getOutputStream());
            }
            case Answer.Proxied proxied -> {
                response.setStatus(proxied.code());
                proxied.headers().forEach(header -> response.addHeader(header.name(), header.value()));
                proxied.body().writeTo(response.getOutputStream());
            }
            case Answer.Upgraded upgraded ->
                throw new IllegalStateException("a connection that leaves HTTP has no answer to write");
        }
    }

    /** Writes an error. */
    void writeStatus(Status status, Form form, HttpServletResponse response) throws IOException {
        if (status.details() != null && status.details().retryAfterSeconds() > 0) {
            response.setHeader("Retry-After", Integer.toString(status.details().retryAfterSeconds()));
        }
        if (status.code() == 401) {
            response.setHeader("WWW-Authenticate", "Bearer");
        }
        writeTree(status.code(), StatusJson.write(status), form, response);
    }

    private void writeOne(ApiRequest request, Answer.One one, HttpServletResponse response) throws IOException {
        Form form = request.form();
        if (ObjectForms.isStoredForm(one.served(), form, one.object())) {
            begin(response, one.code(), form.contentType());
            response.setContentLength(one.object().length());
            one.object().writeTo(response.getOutputStream());
            return;
        }
        KubeObject object = ObjectForms.convert(one.served(), one.object());
        JsonNode tree =
                switch (form.view()) {
                    case OBJECT -> object.root();
                    case PARTIAL -> ObjectForms.partial(object, form.metaVersion());
                    case TABLE -> table(request, object, one.served().version().table());
                };
        writeTree(one.code(), tree, form, response);
    }

    private ObjectNode table(ApiRequest request, KubeObject object, TableLayout layout) {
        ObjectNode metadata = Json.MAPPER.createObjectNode();
        metadata.put("resourceVersion", object.resourceVersion());
        ObjectNode table = ObjectForms.table(request.form(), metadata, layout, true);
        IncludeObject include = IncludeObject.parse(request.query().text("includeObject"));
        table.putArray("rows").add(ObjectForms.row(object, request.form(), layout, include, clock.instant()));
        return table;
    }

    /** Documents are of kinds of their own, of which only one is shown as a table. */
    private void writeDocument(ApiRequest request, Answer.Document document, HttpServletResponse response)
            throws IOException {
        Form form = request.form();
        if (form.view() == Form.View.TABLE
                && document.tree() instanceof ObjectNode root
                && root.path("kind").asString("").equals("Scale")) {
            writeTree(document.code(), table(request, new KubeObject(root), PolicyTables.SCALES), form, response);
        } else {
            writeTree(document.code(), document.tree(), form, response);
        }
    }

    private void writeMany(ApiRequest request, Answer.Many many, HttpServletResponse response) throws IOException {
        Form form = request.form();
        // What may still fail comes before the first byte of the answer.
        List<KubeObject> converted = convertAtOnce(many);
        if (form.syntax() == Form.Syntax.YAML) {
            java.io.ByteArrayOutputStream json = new java.io.ByteArrayOutputStream();
            writeItems(request, many, converted, new Form(form.view(), form.metaVersion(), Form.Syntax.JSON), json);
            writeTree(200, Json.MAPPER.readTree(json.toByteArray()), form, response);
            return;
        }
        begin(response, 200, form.contentType());
        long size = 0;
        for (CachedObject object : many.objects()) {
            size += object.object().length() + 1;
        }
        response.setBufferSize(Math.clamp(size + 1024, 8 * 1024, LIST_BUFFER_BYTES));
        if (size > LEAST_PACKED_BYTES
                && request.headers().get("Accept-Encoding").contains("gzip")) {
            response.setHeader("Content-Encoding", "gzip");
            response.addHeader("Vary", "Accept-Encoding");
            try (OutputStream packed = new FastGzip(response.getOutputStream())) {
                writeItems(request, many, converted, form, packed);
            }
        } else {
            writeItems(request, many, converted, form, response.getOutputStream());
        }
    }

    /** The objects in the version of the path where another program converts them; empty where that is done one by one. */
    private static List<KubeObject> convertAtOnce(Answer.Many many) {
        Conversion conversion = many.served().version().conversion();
        if (!conversion.asksSomeone()) {
            return List.of();
        }
        List<KubeObject> trees =
                many.objects().stream().map(each -> each.object().parse()).toList();
        conversion.allFromStorage(trees);
        return trees;
    }

    private void writeItems(
            ApiRequest request, Answer.Many many, List<KubeObject> converted, Form form, OutputStream out)
            throws IOException {
        Served served = many.served();
        ObjectNode head = head(many, form);
        String items = form.view() == Form.View.TABLE ? "rows" : "items";
        byte[] start = Json.MAPPER.writeValueAsBytes(head);
        out.write(start, 0, start.length - 1);
        out.write((",\"" + items + "\":[").getBytes(StandardCharsets.US_ASCII));
        IncludeObject include = IncludeObject.parse(request.query().text("includeObject"));
        Instant now = clock.instant();
        for (int i = 0; i < many.objects().size(); i++) {
            if (i > 0) {
                out.write(',');
            }
            StoredObject object = many.objects().get(i).object();
            if (!converted.isEmpty()) {
                out.write(item(served, converted.get(i), form, include, now));
            } else if (ObjectForms.isStoredForm(served, form, object)) {
                object.writeTo(out);
            } else {
                out.write(item(served, ObjectForms.convert(served, object), form, include, now));
            }
        }
        out.write("]}\n".getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] item(Served served, KubeObject tree, Form form, IncludeObject include, Instant now) {
        JsonNode node =
                switch (form.view()) {
                    case OBJECT -> tree.root();
                    case PARTIAL -> ObjectForms.partial(tree, form.metaVersion());
                    case TABLE -> ObjectForms.row(tree, form, served.version().table(), include, now);
                };
        return Json.MAPPER.writeValueAsBytes(node);
    }

    private static ObjectNode head(Answer.Many many, Form form) {
        ObjectNode metadata = Json.MAPPER.createObjectNode();
        // What is not stored has no version.
        if (many.revision() > 0) {
            metadata.put("resourceVersion", Long.toString(many.revision()));
        }
        if (!many.continueToken().isEmpty()) {
            metadata.put("continue", many.continueToken());
        }
        Long remaining = many.remaining();
        if (remaining != null) {
            metadata.put("remainingItemCount", remaining);
        }
        Served served = many.served();
        if (form.view() == Form.View.TABLE) {
            return ObjectForms.table(form, metadata, served.version().table(), true);
        }
        ObjectNode head = Json.MAPPER.createObjectNode();
        boolean whole = form.view() == Form.View.OBJECT;
        head.put("kind", whole ? served.definition().listKind() : "PartialObjectMetadataList");
        head.put(
                "apiVersion",
                whole
                        ? new GroupVersion(
                                        served.definition().group(),
                                        served.version().name())
                                .apiVersion()
                        : "meta.k8s.io/" + form.metaVersion());
        head.set("metadata", metadata);
        return head;
    }

    private static void writeTree(int code, JsonNode tree, Form form, HttpServletResponse response) throws IOException {
        boolean json = form.syntax() == Form.Syntax.JSON;
        begin(response, code, tree.path("kind").asString("").equals("Status") ? plain(form) : form.contentType());
        writeBytes(json ? Json.MAPPER.writeValueAsBytes(tree) : YAML.writeValueAsBytes(tree), response);
    }

    private static String plain(Form form) {
        return new Form(Form.View.OBJECT, "", form.syntax()).contentType();
    }

    private static void begin(HttpServletResponse response, int code, String contentType) {
        response.setStatus(code);
        response.setContentType(contentType);
        response.setHeader("Cache-Control", "no-cache, private");
    }

    private static void writeBytes(byte[] content, HttpServletResponse response) throws IOException {
        response.setContentLength(content.length);
        response.getOutputStream().write(content);
    }

    /** A quoted string of RFC 7234, without characters that a header can't carry. */
    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (each == '"' || each == '\\') {
                quoted.append('\\');
            }
            quoted.append(each < ' ' || each > '~' ? '?' : each);
        }
        return quoted.append('"').toString();
    }

    /** Speed counts more than the last per cent: the bytes mostly stay in a data centre. */
    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(OutputStream out) throws IOException {
            super(out, 32 * 1024);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
