package io.mokube.ingress.serve;

import io.mokube.pki.Credential;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of hosts: each handshake takes the one of the name that the client asks for, a wildcard's, or the one for
 * all others. A change counts for the next handshake; connections that are there stay. Safe for any thread.
 */
public final class Certificates extends X509ExtendedKeyManager {

    /**
     * A certificate with those that lead from it to its authority.
     *
     * @param chain the host's own first
     */
    public record Chain(List<X509Certificate> chain, PrivateKey key) {}

    private final Chain fallback;
    private volatile Map<String, Chain> hosts = Map.of();

    /** @param fallback for names that have none */
    public Certificates(Credential fallback) {
        this.fallback = new Chain(List.of(fallback.certificate()), fallback.key());
    }

    /** From now on these are the certificates, by host, by {@code *.} wildcard, and {@code ""} for all others. */
    public void set(Map<String, Chain> now) {
        hosts = Map.copyOf(now);
    }

    private String entry(@Nullable SSLEngine engine) {
        Map<String, Chain> current = hosts;
        if (engine != null && engine.getHandshakeSession() instanceof ExtendedSSLSession session) {
            for (SNIServerName each : session.getRequestedServerNames()) {
                if (each instanceof SNIHostName name) {
                    String host = name.getAsciiName().toLowerCase(Locale.ROOT);
                    if (current.containsKey(host)) {
                        return host;
                    }
                    int dot = host.indexOf('.');
                    if (dot > 0 && current.containsKey("*" + host.substring(dot))) {
                        return "*" + host.substring(dot);
                    }
                }
            }
        }
        return "";
    }

    private Chain chain(String entry) {
        return hosts.getOrDefault(entry, fallback);
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        String entry = entry(engine);
        String algorithm = chain(entry).key().getAlgorithm();
        boolean fits = keyType.equals(algorithm) || (algorithm.equals("RSA") && keyType.startsWith("RSA"));
        return fits ? entry : null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return chain(alias).chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return chain(alias).key();
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return chooseEngineServerAlias(keyType, issuers, null);
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
