package io.mokube.scheduler.extender;

import io.mokube.pki.Pem;
import io.mokube.scheduler.extender.ExtenderConfig.Tls;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS towards an extender. */
final class ExtenderTls {

    private static final char[] NO_PASSWORD = new char[0];
    private static final X509Certificate[] NOBODY = {};
    private static final int DNS_NAME = 2;

    private ExtenderTls() {}

    /**
     * The context of a configuration.
     *
     * @throws IllegalArgumentException when certificates or keys can't be used
     */
    static SSLContext of(Tls tls) {
        try {
            TrustManager[] trust;
            if (tls.insecure() || tls.caPem() == null) {
                trust = new TrustManager[] {new ByName(null, "")};
            } else if (tls.serverName().isEmpty()) {
                trust = authorities(tls.caPem());
            } else {
                trust = new TrustManager[] {new ByName((X509TrustManager) authorities(tls.caPem())[0], tls.serverName())
                };
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(tls), trust, new SecureRandom());
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException("the extender's TLS can't be set up: " + e.getMessage(), e);
        }
    }

    private static TrustManager[] authorities(String pem) throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        store.setCertificateEntry("ca", Pem.readCertificate(pem));
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyManager @Nullable [] keys(Tls tls) throws GeneralSecurityException, IOException {
        if (tls.certificatePem() == null || tls.keyPem() == null) {
            return null;
        }
        KeyStore store = emptyStore();
        store.setKeyEntry("client", Pem.readPrivateKey(tls.keyPem()), NO_PASSWORD, new Certificate[] {
            Pem.readCertificate(tls.certificatePem())
        });
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    /** Trusts servers by authorities and a name of its own, whatever host they were reached at; or everybody. */
    private static final class ByName extends X509ExtendedTrustManager {

        private final @Nullable X509TrustManager authorities;
        private final String name;

        ByName(@Nullable X509TrustManager authorities, String name) {
            this.authorities = authorities;
            this.name = name.toLowerCase(Locale.ROOT);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String algorithm) throws CertificateException {
            if (authorities == null) {
                return;
            }
            authorities.checkServerTrusted(chain, algorithm);
            if (!names(chain[0])) {
                throw new CertificateException("certificate is not valid for \"" + name + "\"");
            }
        }

        private boolean names(X509Certificate certificate) throws CertificateParsingException {
            Collection<List<?>> others = certificate.getSubjectAlternativeNames();
            int dot = name.indexOf('.');
            String wildcard = dot < 0 ? name : "*" + name.substring(dot);
            return others != null
                    && others.stream()
                            .filter(other -> Objects.equals(other.get(0), DNS_NAME))
                            .map(other -> String.valueOf(other.get(1)).toLowerCase(Locale.ROOT))
                            .anyMatch(said -> said.equals(name) || said.equals(wildcard));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String algorithm, Socket socket)
                throws CertificateException {
            checkServerTrusted(chain, algorithm);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String algorithm, SSLEngine engine)
                throws CertificateException {
            checkServerTrusted(chain, algorithm);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String algorithm) throws CertificateException {
            throw new CertificateException("no server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String algorithm, Socket socket)
                throws CertificateException {
            throw new CertificateException("no server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String algorithm, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("no server");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return NOBODY;
        }
    }
}
