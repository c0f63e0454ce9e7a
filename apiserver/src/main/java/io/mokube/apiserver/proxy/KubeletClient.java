package io.mokube.apiserver.proxy;

import io.mokube.apiserver.pki.ClusterCertificates;
import io.mokube.apiserver.pki.ServerTrust;
import io.mokube.apiserver.request.RawRequest;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import tools.jackson.databind.JsonNode;

/**
 * Talks to kubelets over TLS with the API server's own client certificate. A kubelet whose certificate comes from the
 * cluster's authority is verified; one that signs for itself is taken at its word, as kube-apiserver does by default.
 */
public final class KubeletClient implements AutoCloseable {

    private static final int DEFAULT_PORT = 10250;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    /** In the order in which addresses of a node are tried to be reached. */
    private static final List<String> ADDRESS_TYPES =
            List.of("InternalIP", "Hostname", "InternalDNS", "ExternalDNS", "ExternalIP");

    private final HttpClient http;
    private final SSLContext tls;

    public KubeletClient(ClusterCertificates certificates) {
        try {
            char[] none = new char[0];
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            own.setKeyEntry("kubelet-client", certificates.kubeletClient().key(), none, new Certificate[] {
                certificates.kubeletClient().certificate()
            });
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, none);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    keys.getKeyManagers(),
                    new TrustManager[] {new KubeletTrust(certificates.authorityCertificate())},
                    null);
            this.tls = context;
            this.http = HttpClient.newBuilder()
                    .sslContext(context)
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(CONNECT_TIMEOUT)
                    .executor(Executors.newVirtualThreadPerTaskExecutor())
                    .build();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the JDK always has TLS and PKCS #12 key stores", e);
        }
    }

    /** A kubelet's answer, to be read and closed. */
    public record KubeletAnswer(int code, InputStream body) {}

    /**
     * Asks a node's kubelet.
     *
     * @param pathAndQuery escaped
     * @throws ApiException 500 when it can't be reached
     */
    public KubeletAnswer get(KubeObject node, String pathAndQuery) {
        URI uri = URI.create("https://" + address(node) + ":" + port(node) + pathAndQuery);
        try {
            HttpResponse<InputStream> response =
                    http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofInputStream());
            return new KubeletAnswer(response.statusCode(), response.body());
        } catch (IOException e) {
            throw ApiException.internal("Get \"" + uri + "\": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("the server is shutting down");
        }
    }

    /**
     * A short text that a node's kubelet has to answer in time.
     *
     * @throws ApiException 500 when it does not
     */
    public String text(KubeObject node, String path, Duration patience) {
        URI uri = URI.create("https://" + address(node) + ":" + port(node) + path);
        CompletableFuture<HttpResponse<String>> answer =
                http.sendAsync(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        try {
            HttpResponse<String> response = answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (response.statusCode() != 200) {
                throw ApiException.internal("Get \"" + uri + "\": answered " + response.statusCode());
            }
            return response.body();
        } catch (ExecutionException | TimeoutException e) {
            answer.cancel(true);
            throw ApiException.internal("Get \"" + uri + "\": " + e.getMessage());
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("the server is shutting down");
        }
    }

    /**
     * Asks a node's kubelet to go on in another protocol.
     *
     * @param pathAndQuery escaped
     * @throws ApiException 500 when it can't be reached
     */
    Upgrader.Outcome upgrade(KubeObject node, RawRequest client, String pathAndQuery) {
        try {
            return Upgrader.ask(backend(node), client, pathAndQuery);
        } catch (IOException e) {
            throw ApiException.internal("error dialing backend: " + e.getMessage());
        }
    }

    /** The client that kubelets know. */
    HttpClient http() {
        return http;
    }

    /** Where a node's kubelet is. */
    Upgrader.Backend backend(KubeObject node) {
        // The trust itself decides whose names are verified.
        return new Upgrader.Backend(address(node).replaceAll("[\\[\\]]", ""), port(node), tls.getSocketFactory(), true);
    }

    /** The node's address, ready for a URL. */
    static String address(KubeObject node) {
        for (String type : ADDRESS_TYPES) {
            for (JsonNode address : node.at("status", "addresses")) {
                if (address.path("type").asString("").equals(type)) {
                    String text = address.path("address").asString("");
                    return text.indexOf(':') >= 0 ? "[" + text + "]" : text;
                }
            }
        }
        throw ApiException.internal("no preferred addresses found; known addresses: []");
    }

    /** The port of the node's kubelet. */
    static int port(KubeObject node) {
        int port =
                node.at("status", "daemonEndpoints", "kubeletEndpoint", "Port").asInt(0);
        return port == 0 ? DEFAULT_PORT : port;
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    /** Verifies what the cluster's authority signed, and only that. */
    private static final class KubeletTrust extends ServerTrust {

        private final X509Certificate authority;
        private final X509ExtendedTrustManager verifying;

        KubeletTrust(X509Certificate authority) throws GeneralSecurityException, IOException {
            this.authority = authority;
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("authority", authority);
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            this.verifying = (X509ExtendedTrustManager) factory.getTrustManagers()[0];
        }

        private boolean isOurs(X509Certificate[] chain) {
            return chain[0].getIssuerX500Principal().equals(authority.getSubjectX500Principal());
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            if (isOurs(chain)) {
                verifying.checkServerTrusted(chain, type, engine);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            if (isOurs(chain)) {
                verifying.checkServerTrusted(chain, type, socket);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            if (isOurs(chain)) {
                verifying.checkServerTrusted(chain, type);
            }
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[] {authority};
        }
    }
}
