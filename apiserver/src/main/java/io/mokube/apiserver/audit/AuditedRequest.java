package io.mokube.apiserver.audit;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.protobuf.ProtobufDecoder;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.apiserver.validation.DocumentReader;
import io.mokube.apiserver.validation.DocumentSyntax;
import io.mokube.apiserver.validation.MalformedInputException;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request that is told. What is made known about it goes into the events that follow. Used by the request's thread;
 * annotations may come from others.
 */
public final class AuditedRequest {

    private static final ScopedValue<AuditedRequest> CURRENT = ScopedValue.newInstance();
    private static final Set<String> LASTING = Set.of("attach", "exec", "log", "portforward", "proxy");
    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final Consumer<ObjectNode> teller;
    private final AuditPolicy.Verdict verdict;
    private final Auditor.Source source;
    private final RequestInfo info;
    private final User user;
    private final Clock clock;
    private final Instant receivedAt;
    private final Map<String, String> annotations = new ConcurrentSkipListMap<>();
    private @Nullable User actingAs;
    private byte @Nullable [] body;
    private String bodyType = "";
    private @Nullable ObjectNode refusal;
    private @Nullable JsonNode answer;
    private boolean startTold;
    private boolean failed;
    private boolean handedOver;

    AuditedRequest(
            Consumer<ObjectNode> teller,
            AuditPolicy.Verdict verdict,
            Auditor.Source source,
            RequestInfo info,
            User user,
            Clock clock) {
        this.teller = teller;
        this.verdict = verdict;
        this.source = source;
        this.info = info;
        this.user = user;
        this.clock = clock;
        this.receivedAt = clock.instant();
    }

    /** Does something about this request: what is annotated meanwhile belongs to it. */
    public <T, X extends Throwable> T during(ScopedValue.CallableOp<T, X> work) throws X {
        return ScopedValue.where(CURRENT, this).call(work);
    }

    /** Adds to the request under way what somebody found out about it; does nothing when it is not told. */
    public static void annotate(String key, String value) {
        if (CURRENT.isBound()) {
            CURRENT.get().annotations.putIfAbsent(key, value);
        }
    }

    void received() {
        tell(AuditStage.REQUEST_RECEIVED, 0);
    }

    /** The user acts as another one. */
    public void actingAs(User other) {
        if (!other.equals(user)) {
            actingAs = other;
        }
    }

    /** The body that the client sent. */
    public byte[] sent(String contentType, byte[] content) {
        boolean named = info.name().isEmpty() && info.verb().equals("create");
        if (verdict.level().tells(AuditLevel.REQUEST) || named) {
            body = content;
            bodyType = contentType;
        }
        return content;
    }

    /** Whether {@link #answered} wants the answer's body. */
    public boolean wantsAnswer() {
        return verdict.level() == AuditLevel.REQUEST_RESPONSE && !isLasting();
    }

    /** The answer's body, which may be packed. */
    public void answered(byte[] content, @Nullable String contentType, @Nullable String encoding) {
        try {
            byte[] plain = "gzip".equals(encoding)
                    ? new GZIPInputStream(new ByteArrayInputStream(content)).readAllBytes()
                    : content;
            answer = tree(plain, contentType == null ? "" : contentType);
        } catch (IOException e) {
            answer = null;
        }
    }

    /** The request is refused with a {@code Status}. */
    public void refused(ObjectNode status) {
        refusal = status;
    }

    /** The server failed. */
    public void failed() {
        failed = true;
    }

    /** The answer begins: told of requests that last. */
    public void started(int code) {
        if (!startTold && (isLasting() || code == 401)) {
            startTold = true;
            tell(AuditStage.RESPONSE_STARTED, code);
        }
    }

    /** The connection goes on after the answer: whoever has it then says when it is complete. */
    public void handOver() {
        handedOver = true;
    }

    /** Whether somebody else says when it is complete. */
    public boolean isHandedOver() {
        return handedOver;
    }

    /** The answer is complete. */
    public void complete(int code) {
        tell(failed ? AuditStage.PANIC : AuditStage.RESPONSE_COMPLETE, code);
    }

    private boolean isLasting() {
        return info.verb().equals("watch") || LASTING.contains(info.subresource());
    }

    private void tell(AuditStage stage, int code) {
        if (!verdict.tells(stage)) {
            return;
        }
        ObjectNode event = Json.MAPPER.createObjectNode();
        event.put("kind", "Event");
        event.put("apiVersion", "audit.k8s.io/v1");
        event.put("level", verdict.level().text());
        event.put("auditID", source.id());
        event.put("stage", stage.text());
        event.put("requestURI", source.uri());
        event.put("verb", info.verb());
        event.set("user", tree(user));
        if (actingAs != null) {
            event.set("impersonatedUser", tree(actingAs));
        }
        if (!source.sourceIps().isEmpty()) {
            ArrayNode addresses = event.putArray("sourceIPs");
            source.sourceIps().forEach(addresses::add);
        }
        putUnlessEmpty(event, "userAgent", source.userAgent());
        JsonNode sent = body == null ? null : tree(body, bodyType);
        if (info.isResourceRequest()) {
            reference(event.putObject("objectRef"), sent);
        }
        if (stage != AuditStage.REQUEST_RECEIVED) {
            status(event.putObject("responseStatus"), code);
            if (verdict.level().tells(AuditLevel.REQUEST) && sent != null) {
                event.set("requestObject", shown(sent));
            }
            if (verdict.level() == AuditLevel.REQUEST_RESPONSE) {
                JsonNode shown = refusal != null ? refusal : answer;
                if (shown != null) {
                    event.set("responseObject", shown(shown));
                }
            }
        }
        event.put("requestReceivedTimestamp", MICROSECONDS.format(receivedAt));
        event.put("stageTimestamp", MICROSECONDS.format(clock.instant()));
        if (!annotations.isEmpty()) {
            ObjectNode notes = event.putObject("annotations");
            annotations.forEach(notes::put);
        }
        teller.accept(event);
    }

    private void reference(ObjectNode reference, @Nullable JsonNode sent) {
        JsonNode metadata = sent == null ? Json.MAPPER.missingNode() : sent.path("metadata");
        reference.put("resource", info.resource());
        putUnlessEmpty(reference, "namespace", info.namespace());
        putUnlessEmpty(
                reference, "name", info.name().isEmpty() ? metadata.path("name").asString("") : info.name());
        putUnlessEmpty(reference, "uid", metadata.path("uid").asString(""));
        putUnlessEmpty(reference, "apiGroup", info.group());
        reference.put("apiVersion", info.version());
        putUnlessEmpty(
                reference, "resourceVersion", metadata.path("resourceVersion").asString(""));
        putUnlessEmpty(reference, "subresource", info.subresource());
    }

    private void status(ObjectNode status, int code) {
        status.putObject("metadata");
        ObjectNode told = refusal;
        if (told != null) {
            for (String field : List.of("status", "message", "reason", "details")) {
                JsonNode value = told.get(field);
                if (value != null) {
                    status.set(field, value);
                }
            }
        }
        status.put("code", code);
    }

    private JsonNode shown(JsonNode object) {
        if (verdict.withoutManagedFields()) {
            dropManagedFields(object);
            object.path("items").forEach(AuditedRequest::dropManagedFields);
        }
        return object;
    }

    private static void dropManagedFields(JsonNode object) {
        if (object.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove("managedFields");
        }
    }

    /** What a body says; null for what is neither JSON nor YAML nor protobuf. */
    private static @Nullable JsonNode tree(byte[] content, String contentType) {
        if (content.length == 0) {
            return null;
        }
        try {
            if (ProtobufDecoder.hasMagic(content)) {
                return ProtobufDecoder.decode(content, null);
            }
            DocumentSyntax syntax = contentType.contains("yaml") ? DocumentSyntax.YAML : DocumentSyntax.JSON;
            boolean readable = contentType.isEmpty() || contentType.contains("json") || syntax == DocumentSyntax.YAML;
            return readable ? DocumentReader.read(content, syntax).tree() : null;
        } catch (MalformedInputException | IllegalArgumentException e) {
            return null;
        }
    }

    private static ObjectNode tree(User user) {
        ObjectNode tree = Json.MAPPER.createObjectNode();
        putUnlessEmpty(tree, "username", user.name());
        putUnlessEmpty(tree, "uid", user.uid());
        if (!user.groups().isEmpty()) {
            ArrayNode groups = tree.putArray("groups");
            user.groups().forEach(groups::add);
        }
        if (!user.extra().isEmpty()) {
            ObjectNode extra = tree.putObject("extra");
            user.extra().forEach((key, values) -> {
                ArrayNode all = extra.putArray(key);
                values.forEach(all::add);
            });
        }
        return tree;
    }

    private static void putUnlessEmpty(ObjectNode node, String field, String value) {
        if (!value.isEmpty()) {
            node.put(field, value);
        }
    }
}
