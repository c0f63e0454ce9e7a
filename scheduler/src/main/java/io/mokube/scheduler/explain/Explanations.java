package io.mokube.scheduler.explain;

import io.mokube.client.access.AccessReviews;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.client.rest.WriteGuard;
import io.mokube.client.rest.WriteGuard.WriteRefusedException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.CertificateAuthority;
import io.mokube.pki.Credential;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes explanations readable through the API server while this scheduler leads: serves them, and registers where by an
 * APIService and the Service it names. Both are looked at again now and then, so that they come back when somebody deletes
 * them. Scheduling does not depend on any of this.
 */
public final class Explanations implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Explanations.class);

    private static final String SERVICE = "scheduler-explanations";
    private static final String NAMESPACE = "kube-system";
    private static final String API_SERVICE = ExplanationForms.VERSION + "." + ExplanationForms.GROUP;
    private static final Duration LOOK_EVERY = Duration.ofMinutes(1);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final int HTTPS = 443;

    private final ApiClient client;
    private final Clock clock;
    private final DecisionLog decisions;

    private @Nullable Thread thread;

    public Explanations(ApiClient client, Clock clock, DecisionLog decisions) {
        this.client = client;
        this.clock = clock;
        this.decisions = decisions;
    }

    /** Begins to serve. */
    public synchronized void begin(WriteGuard guard) {
        if (thread == null) {
            thread = Thread.ofVirtual().name("explanations").start(() -> run(guard));
        }
    }

    /** Serves no more. What is registered stays: the next leader registers itself in its place. */
    public synchronized void end() {
        if (thread != null) {
            thread.interrupt();
            thread = null;
        }
    }

    @Override
    public void close() {
        end();
    }

    private void run(WriteGuard guard) {
        Duration pause = FIRST_PAUSE;
        boolean told = false;
        while (!Thread.currentThread().isInterrupted()) {
            try {
                serve(guard);
                return;
            } catch (InterruptedException | WriteRefusedException e) {
                return;
            } catch (ApiException
                    | ConnectionException
                    | IllegalStateException
                    | IOException
                    | GeneralSecurityException e) {
                if (!told) {
                    log.atInfo()
                            .setMessage("explanations can't be served yet; trying again")
                            .addKeyValue("reason", e.getMessage())
                            .log();
                    told = true;
                }
            }
            try {
                clock.sleep(pause);
            } catch (InterruptedException e) {
                return;
            }
            pause = pause.multipliedBy(2).compareTo(LOOK_EVERY) < 0 ? pause.multipliedBy(2) : LOOK_EVERY;
        }
    }

    private void serve(WriteGuard guard) throws IOException, GeneralSecurityException, InterruptedException {
        FrontProxy frontProxy = FrontProxy.read(client);
        CertificateAuthority authority = CertificateAuthority.create(SERVICE, clock.instant());
        Credential serving = authority.issueServing(
                SERVICE, List.of(), List.of(SERVICE + "." + NAMESPACE + ".svc"), clock.instant());
        InetAddress address = addressTowards(client.config().server());
        try (ExplanationServer server = new ExplanationServer(
                address, frontProxy.tls(serving), frontProxy, new AccessReviews(client, clock), decisions)) {
            ApiClient guarded = client.guardedBy(guard);
            String bundle = Base64.getEncoder()
                    .encodeToString(authority.own().certificatePem().getBytes(StandardCharsets.US_ASCII));
            boolean told = false;
            while (true) {
                ensure(
                        guarded,
                        new GroupVersionResource("", "v1", "services"),
                        "Service",
                        new ObjectKey(NAMESPACE, SERVICE),
                        service -> service.withObjectProperty("spec")
                                .put("type", "ExternalName")
                                .put("externalName", address.getHostAddress()));
                ensure(
                        guarded,
                        new GroupVersionResource("apiregistration.k8s.io", "v1", "apiservices"),
                        "APIService",
                        new ObjectKey("", API_SERVICE),
                        apiService -> {
                            // While no scheduler runs, nobody shall wait for it.
                            apiService
                                    .withObjectProperty("metadata")
                                    .withObjectProperty("labels")
                                    .put("mokube.io/optional", "true");
                            ObjectNode spec = apiService.withObjectProperty("spec");
                            spec.put("group", ExplanationForms.GROUP)
                                    .put("version", ExplanationForms.VERSION)
                                    .put("groupPriorityMinimum", 1000)
                                    .put("versionPriority", 10)
                                    .put("caBundle", bundle);
                            spec.putObject("service")
                                    .put("namespace", NAMESPACE)
                                    .put("name", SERVICE)
                                    .put("port", server.port());
                        });
                if (!told) {
                    log.atInfo()
                            .setMessage("explanations are served")
                            .addKeyValue("address", address.getHostAddress())
                            .addKeyValue("port", server.port())
                            .log();
                    told = true;
                }
                clock.sleep(LOOK_EVERY);
            }
        }
    }

    /** Sees to it that an object is there and says this. */
    private static void ensure(
            ApiClient client, GroupVersionResource resource, String kind, ObjectKey key, Consumer<ObjectNode> wanted) {
        boolean namespaced = !key.namespace().isEmpty();
        ResourceClient<KubeObject> objects = client.resource(ResourceType.dynamic(resource, kind, namespaced));
        Optional<KubeObject> known = objects.get(key);
        if (known.isEmpty()) {
            KubeObject created = KubeObject.of(resource.groupVersion().apiVersion(), kind);
            created.metadata().put("name", key.name());
            if (namespaced) {
                created.metadata().put("namespace", key.namespace());
            }
            wanted.accept(created.root());
            objects.create(created);
            return;
        }
        KubeObject changed = known.get().deepCopy();
        wanted.accept(changed.root());
        if (!changed.root().equals(known.get().root())) {
            objects.update(changed);
        }
    }

    /** The address of this machine by which the API server knows it: where the way to the API server begins. */
    private static InetAddress addressTowards(URI server) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            int port = server.getPort() < 0 ? HTTPS : server.getPort();
            // Sends nothing: only the route is looked up.
            socket.connect(new InetSocketAddress(server.getHost(), port));
            return socket.getLocalAddress();
        }
    }
}
