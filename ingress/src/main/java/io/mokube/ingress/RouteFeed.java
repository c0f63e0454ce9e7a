package io.mokube.ingress;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.informer.Selection;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceType;
import io.mokube.ingress.route.RouteReader;
import io.mokube.ingress.route.RoutingTable;
import io.mokube.ingress.serve.Certificates;
import io.mokube.ingress.serve.Certificates.Chain;
import io.mokube.ingress.serve.Target;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.pki.Pem;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps routes and certificates equal to what the cluster says, tells its users what can't be done, by events, and writes
 * the ingress' addresses into the status of each Ingress.
 */
final class RouteFeed {

    static final String CONTROLLER = "mokube.io/ingress";

    private static final String CLASS_ANNOTATION = "kubernetes.io/ingress.class";
    private static final String CLASS_NAME = "mokube";
    private static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final String BY_SERVICE = "service";
    private static final String ALL = "routes";

    private final ApiClient client;
    private final Certificates certificates;
    private final InformerFactory informers;
    private final Informer<Ingress> ingresses;
    private final Informer<IngressClass> classes;
    private final Informer<Secret> secrets;
    private final Informer<Service> services;
    private final Informer<EndpointSlice> slices;
    private final EventRecorder events;
    private final ReconcileLoop<String> loop;
    private final Optional<Publication> publication;

    /** What users were told already. One worker uses it. */
    private Map<ObjectKey, List<String>> told = Map.of();

    private volatile RoutingTable table = RoutingTable.EMPTY;
    private volatile boolean settled;
    private volatile int httpPort;
    private volatile int httpsPort;

    RouteFeed(IngressConfig config, ApiClient client, Certificates certificates, Platform platform) {
        this.client = client;
        this.certificates = certificates;
        informers = new InformerFactory(client);
        ingresses = informers.informer(Ingress.class);
        classes = informers.informer(IngressClass.class);
        secrets = informers.informer(
                ResourceType.of(Secret.class),
                Selection.ALL.withFields(FieldSelector.equal("type", "kubernetes.io/tls")));
        services = informers.informer(Service.class);
        slices = informers.informer(EndpointSlice.class);
        slices.addIndex(BY_SERVICE, RouteFeed::serviceOf);
        events = new EventRecorder(client, "mokube-ingress", "");
        loop = new ReconcileLoop<>("ingress-routes", 1, key -> settle(), platform);
        publication = config.published()
                .map(address ->
                        new Publication(config, address, client, services.store(), slices.store(), platform.clock()));
        ingresses.addHandler(Handler.each(each -> changed()));
        classes.addHandler(Handler.each(each -> changed()));
        secrets.addHandler(Handler.each(each -> changed()));
        services.addHandler(Handler.each(each -> {
            if (each.getMetadata().getName().equals(Publication.SERVICE.name())) {
                changed();
            }
        }));
    }

    private static List<String> serviceOf(EndpointSlice slice) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        String service = labels == null ? null : labels.get(SERVICE_LABEL);
        return service == null ? List.of() : List.of(slice.getMetadata().getNamespace() + "/" + service);
    }

    private void changed() {
        loop.queue().addAfter(ALL, Duration.ofMillis(20)); // many changes are looked at together
    }

    /** @param http the port on which requests are taken, to be published */
    void start(int http, int https) {
        httpPort = http;
        httpsPort = https;
        informers.start();
        loop.start();
        changed();
    }

    boolean isSettled() {
        return settled;
    }

    /** Where a request goes now. Safe for any thread, and never waits. */
    Target route(String host, String path) {
        if (!settled) {
            return new Target.NoEndpoint("the ingress has not read its rules yet");
        }
        return table.find(host, path)
                .map(backend -> EndpointLookup.find(
                        backend,
                        services.store().get(new ObjectKey(backend.namespace(), backend.service())),
                        slices.store().byIndex(BY_SERVICE, backend.namespace() + "/" + backend.service())))
                .orElse(new Target.NoRoute());
    }

    private Outcome settle() {
        if (!informers.notSynced().isEmpty()) {
            return Outcome.again(Duration.ofMillis(50));
        }
        List<Ingress> ours =
                ingresses.store().list().stream().filter(this::isOurs).toList();
        RouteReader read = RouteReader.read(ours);
        Map<ObjectKey, List<String>> problems = new HashMap<>();
        read.problems().forEach((key, wrong) -> problems.put(key, new ArrayList<>(wrong)));
        certificates.set(chains(read, ours, problems));
        table = read.table();
        if (!settled) {
            settled = true;
            publication.ifPresent(each -> each.start(httpPort, httpsPort));
        }
        tell(ours, problems);
        Optional<Service> service = services.store().get(Publication.SERVICE);
        ours.forEach(ingress -> writeStatus(ingress, Publication.addresses(service)));
        return Outcome.done();
    }

    private boolean isOurs(Ingress ingress) {
        if (ingress.isMarkedForDeletion() || ingress.getSpec() == null) {
            return false;
        }
        String name = ingress.getSpec().getIngressClassName();
        if (name == null) {
            Map<String, String> annotations = ingress.getMetadata().getAnnotations();
            return annotations != null && CLASS_NAME.equals(annotations.get(CLASS_ANNOTATION));
        }
        return classes.store()
                .get(new ObjectKey("", name))
                .map(each -> each.getSpec() != null
                        && CONTROLLER.equals(each.getSpec().getController()))
                .orElse(false);
    }

    private Map<String, Chain> chains(RouteReader read, List<Ingress> ours, Map<ObjectKey, List<String>> problems) {
        Map<String, Chain> chains = new HashMap<>();
        read.secrets().forEach((host, key) -> {
            try {
                chains.put(host, chain(secrets.store().get(key)));
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                String message = "no certificate from secret " + key.name() + ": " + e.getMessage();
                for (Ingress ingress : ours) {
                    if (ingress.getMetadata().getNamespace().equals(key.namespace())
                            && ingress.getSpec().getTls() != null
                            && ingress.getSpec().getTls().stream()
                                    .anyMatch(each -> key.name().equals(each.getSecretName()))) {
                        List<String> wrong = problems.computeIfAbsent(keyOf(ingress), each -> new ArrayList<>());
                        if (!wrong.contains(message)) {
                            wrong.add(message);
                        }
                    }
                }
            }
        });
        return chains;
    }

    private static Chain chain(Optional<Secret> secret) throws GeneralSecurityException {
        if (secret.isEmpty() || secret.get().getData() == null) {
            throw new GeneralSecurityException("there is no such secret of type kubernetes.io/tls");
        }
        Map<String, String> data = secret.get().getData();
        byte[] pem = Base64.getDecoder().decode(data.getOrDefault("tls.crt", ""));
        List<X509Certificate> chain = new ArrayList<>();
        for (var each : CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
            chain.add((X509Certificate) each);
        }
        if (chain.isEmpty()) {
            throw new GeneralSecurityException("tls.crt holds no certificate");
        }
        String key = new String(Base64.getDecoder().decode(data.getOrDefault("tls.key", "")), StandardCharsets.UTF_8);
        return new Chain(chain, Pem.readPrivateKey(key));
    }

    private void tell(List<Ingress> ours, Map<ObjectKey, List<String>> problems) {
        for (Ingress ingress : ours) {
            List<String> known = told.getOrDefault(keyOf(ingress), List.of());
            for (String problem : problems.getOrDefault(keyOf(ingress), List.of())) {
                if (!known.contains(problem)) {
                    events.warning(ingress, "Rejected", problem);
                }
            }
        }
        told = Map.copyOf(problems);
    }

    private void writeStatus(Ingress ingress, List<LoadBalancerIngress> addresses) {
        List<String> wanted = addresses.stream()
                .map(each -> text(each.getIp(), each.getHostname()))
                .toList();
        var balancer = ingress.getStatus() == null ? null : ingress.getStatus().getLoadBalancer();
        List<String> present = balancer == null || balancer.getIngress() == null
                ? List.of()
                : balancer.getIngress().stream()
                        .map(each -> text(each.getIp(), each.getHostname()))
                        .toList();
        if (publication.isEmpty() || wanted.equals(present)) {
            return;
        }
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ArrayNode list = patch.putObject("status").putObject("loadBalancer").putArray("ingress");
        for (var each : addresses) {
            ObjectNode entry = list.addObject();
            if (each.getIp() != null) {
                entry.put("ip", each.getIp());
            } else {
                entry.put("hostname", each.getHostname());
            }
        }
        try {
            client.resource(Ingress.class).patch(keyOf(ingress), PatchKind.MERGE, patch, "status");
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    private static String text(@Nullable String ip, @Nullable String hostname) {
        return ip != null ? ip : Objects.requireNonNullElse(hostname, "");
    }

    private static ObjectKey keyOf(Ingress ingress) {
        return new ObjectKey(
                ingress.getMetadata().getNamespace(), ingress.getMetadata().getName());
    }

    void stop(Duration grace) {
        loop.stop(grace);
        publication.ifPresent(Publication::withdraw);
        informers.close();
        events.close();
    }
}
