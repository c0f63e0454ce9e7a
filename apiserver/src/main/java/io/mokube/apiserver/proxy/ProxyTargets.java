package io.mokube.apiserver.proxy;

import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.proxy.ProxyTarget.Name;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import tools.jackson.databind.JsonNode;

/** Finds what stands behind a pod, a service or a node that a request names. */
final class ProxyTargets {

    private static final GroupResource SLICES = new GroupResource("discovery.k8s.io", "endpointslices");
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final Backend backend;
    private final KubeletClient kubelets;
    private final SSLContext anyServer = anyServer();
    private final HttpClient http;

    ProxyTargets(Backend backend, KubeletClient kubelets) {
        this.backend = backend;
        this.kubelets = kubelets;
        this.http = HttpClient.newBuilder()
                .sslContext(anyServer)
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
    }

    /**
     * @throws ApiException when the object is not there, or nothing stands behind it
     */
    ProxyTarget find(ApiRequest request, Served served) {
        Name name = Name.parse(served.definition().singular(), request.info().name());
        return switch (request.info().resource()) {
            case "pods" -> pod(name, existing(request, served, name.name()));
            case "services" -> service(name, existing(request, served, name.name()));
            case "nodes" -> node(name, existing(request, served, name.name()));
            default -> throw ApiException.noSuchPath();
        };
    }

    private KubeObject existing(ApiRequest request, Served served, String name) {
        StoredObject stored = backend.objects()
                .get(served.definition(), new ObjectKey(request.info().namespace(), name));
        if (stored == null) {
            throw ApiException.notFound(served.definition().groupResource(), name);
        }
        return stored.parse();
    }

    private ProxyTarget pod(Name name, KubeObject pod) {
        String port = name.port();
        for (JsonNode container : pod.at("spec", "containers")) {
            if (port.isEmpty()) {
                port = container.path("ports").path(0).path("containerPort").asString("");
            }
        }
        return target(name.scheme(), pod.at("status", "podIP").asString(""), number(name.scheme(), port));
    }

    private ProxyTarget service(Name name, KubeObject service) {
        String port = name.port();
        if (port.matches("[0-9]+")) {
            String wanted = port;
            JsonNode found = null;
            for (JsonNode declared : service.at("spec", "ports")) {
                if (declared.path("port").asString("").equals(wanted)) {
                    found = declared;
                }
            }
            if (found == null) {
                throw ApiException.unavailable(
                        "no service port " + wanted + " found for service \"" + service.name() + "\"");
            }
            port = found.path("name").asString("");
        }
        List<ProxyTarget> ready = new ArrayList<>();
        LabelSelector ofService = LabelSelector.ofLabels(Map.of("kubernetes.io/service-name", service.name()));
        Selection selection = new Selection(service.namespace(), ofService, FieldSelector.EVERYTHING);
        String portName = port;
        backend.cache().list(SLICES).objects().scan(selection.firstKey(), entry -> {
            if (entry.key().compareTo(selection.endKey()) >= 0) {
                return false;
            }
            if (selection.test(entry)) {
                collect(entry.object().parse(), portName, name.scheme(), ready);
            }
            return true;
        });
        if (ready.isEmpty()) {
            throw ApiException.unavailable("no endpoints available for service \"" + name.name() + "\"");
        }
        return ready.get(backend.platform().random().nextInt(ready.size()));
    }

    private void collect(KubeObject slice, String portName, String scheme, List<ProxyTarget> ready) {
        for (JsonNode port : slice.at("ports")) {
            if (!port.path("name").asString("").equals(portName)) {
                continue;
            }
            for (JsonNode endpoint : slice.at("endpoints")) {
                boolean isReady = endpoint.path("conditions").path("ready").asBoolean(true);
                String address = endpoint.path("addresses").path(0).asString("");
                if (isReady && !address.isEmpty()) {
                    ready.add(target(scheme, address, port.path("port").asInt(0)));
                }
            }
        }
    }

    private ProxyTarget node(Name name, KubeObject node) {
        int kubelet = KubeletClient.port(node);
        String host = KubeletClient.address(node).replaceAll("[\\[\\]]", "");
        if (name.port().isEmpty() || number(name.scheme(), name.port()) == kubelet) {
            Upgrader.Backend backendOfNode = kubelets.backend(node);
            return new ProxyTarget("https", host, kubelet, kubelets.http(), backendOfNode.tls(), true);
        }
        return new ProxyTarget(
                name.scheme(),
                host,
                number(name.scheme(), name.port()),
                http,
                name.scheme().equals("https") ? anyServer.getSocketFactory() : null,
                false);
    }

    private ProxyTarget target(String scheme, String address, int port) {
        if (!isGlobalUnicast(address)) {
            throw ApiException.badRequest("address not allowed");
        }
        return new ProxyTarget(
                scheme, address, port, http, scheme.equals("https") ? anyServer.getSocketFactory() : null, false);
    }

    /** Nobody gets to services of the API server's own machine by writing its loopback address into an object. */
    private static boolean isGlobalUnicast(String text) {
        if (text.isEmpty()) {
            return false;
        }
        try {
            InetAddress address = InetAddress.ofLiteral(text);
            return !address.isAnyLocalAddress()
                    && !address.isLoopbackAddress()
                    && !address.isLinkLocalAddress()
                    && !address.isMulticastAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static int number(String scheme, String port) {
        if (port.isEmpty()) {
            return scheme.equals("https") ? 443 : 80;
        }
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65535) {
            throw ApiException.badRequest("invalid port \"" + port + "\"");
        }
        return Integer.parseInt(port);
    }

    /** What answers behind a proxy has no certificate that anybody could verify, as in Kubernetes. */
    private static SSLContext anyServer() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Trusting()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK always has TLS", e);
        }
    }

    private static final class Trusting extends X509ExtendedTrustManager {

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
