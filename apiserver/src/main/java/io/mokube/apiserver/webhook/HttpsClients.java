package io.mokube.apiserver.webhook;

import io.mokube.apiserver.pki.ServerTrust;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
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
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Connections over HTTPS to servers of other people, kept for those used last. Safe for use by many threads.
 */
public final class HttpsClients implements AutoCloseable {

    private static final int MOST_KEPT = 64;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final KeyManager[] identity;
    private final Map<Trust, Client> clients = new LinkedHashMap<>(16, 0.75f, true);

    /** @param identity what is shown to servers that want to know who asks; none for nobody */
    public HttpsClients(KeyManager[] identity) {
        this.identity = identity.clone();
    }

    /** What connections to a server depend on. */
    public sealed interface Trust {

        /**
         * The server's certificate is verified.
         *
         * @param authority the certificates to trust, in PEM; {@code ""} for those the system trusts
         * @param serverName the name its certificate must have; {@code ""} for that of the URL
         */
        record Verified(String authority, String serverName) implements Trust {}

        /** Anybody is taken for the server. */
        record Anybody() implements Trust {}
    }

    /** A client for HTTP and what it connects with, for other protocols. */
    public record Client(HttpClient http, SSLContext tls) {}

    /**
     * The client for servers that are trusted so.
     *
     * @throws IOException when the authority can't be read
     */
    public Client get(Trust trust) throws IOException {
        synchronized (clients) {
            Client known = clients.get(trust);
            if (known != null) {
                return known;
            }
            Client made = make(trust);
            clients.put(trust, made);
            if (clients.size() > MOST_KEPT) {
                var oldest = clients.entrySet().iterator();
                // Calls under way are finished before it closes.
                oldest.next().getValue().http().shutdown();
                oldest.remove();
            }
            return made;
        }
    }

    private Client make(Trust trust) throws IOException {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(Executors.newVirtualThreadPerTaskExecutor());
        try {
            SSLContext tls =
                    switch (trust) {
                        case Trust.Anybody() -> context(new AnyServer());
                        case Trust.Verified(String authority, String name) -> {
                            X509ExtendedTrustManager verifier = verifier(authority);
                            yield context(name.isEmpty() ? verifier : new NamedServer(verifier, name));
                        }
                    };
            if (trust instanceof Trust.Verified(String authority, String name) && !name.isEmpty()) {
                SSLParameters parameters = new SSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(name)));
                builder.sslParameters(parameters);
            }
            return new Client(builder.sslContext(tls).build(), tls);
        } catch (GeneralSecurityException e) {
            throw new IOException("the caBundle can't be used: " + e.getMessage(), e);
        }
    }

    private SSLContext context(TrustManager trust) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(identity, new TrustManager[] {trust}, null);
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
            clients.values().forEach(client -> client.http().shutdownNow());
            clients.clear();
        }
    }

    /** Wants the name of a service in the certificate, although the connection goes to an address. */
    private static final class NamedServer extends ServerTrust {

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
        public X509Certificate[] getAcceptedIssuers() {
            return chain.getAcceptedIssuers();
        }
    }

    /** Verifies nothing. */
    private static final class AnyServer extends ServerTrust {

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
