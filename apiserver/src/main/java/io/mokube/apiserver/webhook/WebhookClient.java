package io.mokube.apiserver.webhook;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Posts JSON to webhooks. Connections are kept for the webhooks used last. Safe for use by many threads. */
public final class WebhookClient implements AutoCloseable {

    private static final int MOST_KEPT = 64;
    private static final int LARGEST_ANSWER = 64 * 1024 * 1024;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final ServiceRoute services;
    private final Map<Trust, HttpClient> clients = new LinkedHashMap<>(16, 0.75f, true);

    public WebhookClient(ServiceRoute services) {
        this.services = services;
    }

    /** What connections to a webhook depend on. */
    private record Trust(String authority, String serverName) {}

    /**
     * Sends a document and waits for the answer.
     *
     * @throws IOException when there is no answer, or none with a success code
     */
    public byte[] post(WebhookAddress address, byte[] body, Duration timeout) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(uri(address))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .timeout(timeout)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        try {
            HttpResponse<InputStream> response =
                    client(address).send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream content = response.body()) {
                byte[] answer = content.readNBytes(LARGEST_ANSWER + 1);
                if (answer.length > LARGEST_ANSWER) {
                    throw new IOException("the answer is too large");
                }
                if (response.statusCode() / 100 != 2) {
                    throw new IOException("the server answered " + response.statusCode() + ": "
                            + new String(answer, 0, Math.min(answer.length, 1000), StandardCharsets.UTF_8));
                }
                return answer;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private URI uri(WebhookAddress address) throws IOException {
        if (!address.url().isEmpty()) {
            return URI.create(address.url());
        }
        String target = services.find(address.namespace(), address.service(), address.port())
                .orElseThrow(() -> new IOException("no endpoints available for service \"" + address.service() + "\""));
        return URI.create("https://" + target + address.path());
    }

    private HttpClient client(WebhookAddress address) throws IOException {
        Trust trust = new Trust(address.authority(), address.serverName());
        synchronized (clients) {
            HttpClient known = clients.get(trust);
            if (known != null) {
                return known;
            }
            HttpClient made = make(trust);
            clients.put(trust, made);
            if (clients.size() > MOST_KEPT) {
                var oldest = clients.entrySet().iterator();
                // Calls under way are finished before it closes.
                oldest.next().getValue().shutdown();
                oldest.remove();
            }
            return made;
        }
    }

    private static HttpClient make(Trust trust) throws IOException {
        try {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .connectTimeout(CONNECT_TIMEOUT)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .executor(Executors.newVirtualThreadPerTaskExecutor());
            X509ExtendedTrustManager verifier = verifier(trust.authority());
            if (trust.serverName().isEmpty()) {
                builder.sslContext(context(verifier));
            } else {
                SSLParameters parameters = new SSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(trust.serverName())));
                builder.sslParameters(parameters).sslContext(context(new NamedServer(verifier, trust.serverName())));
            }
            return builder.build();
        } catch (GeneralSecurityException e) {
            throw new IOException("the caBundle can't be used: " + e.getMessage(), e);
        }
    }

    private static SSLContext context(TrustManager trust) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {trust}, null);
        return context;
    }

    private static X509ExtendedTrustManager verifier(String authority) throws GeneralSecurityException, IOException {
        KeyStore trusted = null;
        if (!authority.isEmpty()) {
            trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            Collection<? extends Certificate> certificates = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(authority.getBytes(StandardCharsets.US_ASCII)));
            int i = 0;
            for (Certificate certificate : certificates) {
                trusted.setCertificateEntry("authority-" + i++, certificate);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
    }

    @Override
    public void close() {
        synchronized (clients) {
            clients.values().forEach(HttpClient::shutdownNow);
            clients.clear();
        }
    }

    /** Wants the name of a service in the certificate, although the connection goes to an address. */
    private static final class NamedServer extends X509ExtendedTrustManager {

        private static final int DNS_NAME = 2;

        private final X509ExtendedTrustManager chain;
        private final String name;

        NamedServer(X509ExtendedTrustManager chain, String name) {
            this.chain = chain;
            this.name = name;
        }

        private void check(X509Certificate[] certificates, String type) throws CertificateException {
            chain.checkServerTrusted(certificates, type);
            Collection<List<?>> names = certificates[0].getSubjectAlternativeNames();
            if (names != null) {
                for (List<?> each : names) {
                    if (each.get(0).equals(DNS_NAME) && fits(each.get(1).toString())) {
                        return;
                    }
                }
            }
            throw new CertificateException("the certificate is not valid for " + name);
        }

        private boolean fits(String pattern) {
            String wanted = pattern.toLowerCase(Locale.ROOT);
            return wanted.startsWith("*.")
                    ? name.substring(name.indexOf('.')).equals(wanted.substring(1))
                    : name.equals(wanted);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, SSLEngine engine)
                throws CertificateException {
            check(certificates, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, Socket socket)
                throws CertificateException {
            check(certificates, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type) throws CertificateException {
            check(certificates, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type, @Nullable SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("nobody connects to this side");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type, @Nullable Socket socket)
                throws CertificateException {
            throw new CertificateException("nobody connects to this side");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type) throws CertificateException {
            throw new CertificateException("nobody connects to this side");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return chain.getAcceptedIssuers();
        }
    }
}
