package io.mokube.apiserver.audit;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.machinery.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Tells requests as the policy wants them told. Safe for use by many threads. */
public final class Auditor implements AutoCloseable {

    private final @Nullable AuditPolicy policy;
    private final List<AuditBackend> backends;
    private final @Nullable WebhookReceiver receiver;
    private final Clock clock;

    private Auditor(
            @Nullable AuditPolicy policy,
            List<AuditBackend> backends,
            @Nullable WebhookReceiver receiver,
            Clock clock) {
        this.policy = policy;
        this.backends = List.copyOf(backends);
        this.receiver = receiver;
        this.clock = clock;
    }

    /**
     * Begins to audit.
     *
     * @param config null for one who tells nothing
     * @throws io.mokube.machinery.component.ComponentException when the configuration can't be used
     */
    public static Auditor open(@Nullable AuditConfig config, Clock clock, MeterRegistry meters) {
        if (config == null) {
            return new Auditor(null, List.of(), null, clock);
        }
        AuditPolicy policy = AuditPolicy.read(config.policyFile());
        WebhookReceiver receiver =
                config.webhookConfigFile() == null ? null : WebhookReceiver.read(config.webhookConfigFile());
        List<AuditBackend> backends = new ArrayList<>();
        if (config.logPath() != null) {
            backends.add(AuditLog.open(config.logPath(), config, clock));
        }
        if (receiver != null) {
            backends.add(new AuditWebhook(receiver, config.webhookMaxWait(), clock, meters));
        }
        return new Auditor(policy, backends, receiver, clock);
    }

    /**
     * What is known of a request before anything is done about it.
     *
     * @param id by which the events of one request are known as such
     * @param uri path and query as they were sent
     * @param sourceIps of the client and of those who passed the request on, the client's first
     */
    public record Source(String id, String uri, String userAgent, List<String> sourceIps) {}

    /** Whether any request is told. */
    public boolean tells() {
        return policy != null;
    }

    /** Begins to tell a request, with its first event; null for one that is not told. */
    public @Nullable AuditedRequest begin(Source source, RequestInfo info, User user) {
        AuditedRequest request = open(source, info, user);
        if (request != null) {
            request.received();
        }
        return request;
    }

    /** Tells a request of somebody whose credentials are no good. */
    public void unauthenticated(Source source, RequestInfo info, ObjectNode status) {
        AuditedRequest request = open(source, info, new User("", List.of()));
        if (request != null) {
            request.refused(status);
            request.started(status.path("code").asInt(0));
        }
    }

    private @Nullable AuditedRequest open(Source source, RequestInfo info, User user) {
        AuditPolicy known = policy;
        if (known == null) {
            return null;
        }
        AuditPolicy.Verdict verdict = known.of(user, info);
        return verdict.level() == AuditLevel.NONE
                ? null
                : new AuditedRequest(this::tell, verdict, source, info, user, clock);
    }

    private void tell(ObjectNode event) {
        backends.forEach(backend -> backend.tell(event));
    }

    /** Sees off what was told, within some seconds. */
    @Override
    public void close() {
        backends.forEach(AuditBackend::close);
        if (receiver != null) {
            receiver.close();
        }
    }
}
