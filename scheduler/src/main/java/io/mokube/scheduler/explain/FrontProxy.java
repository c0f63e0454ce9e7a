package io.mokube.scheduler.explain;

import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.pki.Credential;
import io.mokube.pki.Pem;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.util.HashSet;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Whom to believe who a request's user is: the API server says so in {@code kube-system/extension-apiserver-authentication},
 * to those whom it passes requests on to.
 *
 * @param authorityPem whose certificates are believed
 * @param names the common names that may speak for users; all when there are none
 */
record FrontProxy(String authorityPem, Set<String> names) {

    private static final ObjectKey CONFIG = new ObjectKey("kube-system", "extension-apiserver-authentication");
    private static final char[] NO_PASSWORD = new char[0];

    /**
     * Asks the API server.
     *
     * @throws IllegalStateException when it does not pass requests on
     */
    static FrontProxy read(ApiClient client) {
        KubeObject config = client.resource(
                        ResourceType.dynamic(new GroupVersionResource("", "v1", "configmaps"), "ConfigMap", true))
                .get(CONFIG)
                .orElseThrow(() -> new IllegalStateException("there is no ConfigMap " + CONFIG));
        String authority = config.at("data", "requestheader-client-ca-file").asString("");
        if (authority.isEmpty()) {
            throw new IllegalStateException("ConfigMap " + CONFIG + " names no authority of front proxies");
        }
        Set<String> names = new HashSet<>();
        try {
            for (JsonNode name : Json.MAPPER.readTree(
                    config.at("data", "requestheader-allowed-names").asString("[]"))) {
                names.add(name.asString(""));
            }
        } catch (JacksonException e) {
            throw new IllegalStateException("ConfigMap " + CONFIG + " can't be understood", e);
        }
        return new FrontProxy(authority, Set.copyOf(names));
    }

    /** Whether a client may speak for others, by the subject of its certificate, whose authority TLS has checked. */
    boolean believes(Principal client) {
        if (names.isEmpty()) {
            return true;
        }
        try {
            for (Rdn part : new LdapName(client.getName()).getRdns()) {
                if (part.getType().equalsIgnoreCase("CN") && names.contains(String.valueOf(part.getValue()))) {
                    return true;
                }
            }
        } catch (InvalidNameException e) {
            return false;
        }
        return false;
    }

    /** TLS that lets in front proxies and nobody else. */
    SSLContext tls(Credential serving) throws GeneralSecurityException {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            keys.setKeyEntry("server", serving.key(), NO_PASSWORD, new Certificate[] {serving.certificate()});
            KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keyManagers.init(keys, NO_PASSWORD);
            KeyStore authorities = KeyStore.getInstance("PKCS12");
            authorities.load(null, null);
            authorities.setCertificateEntry("front-proxy", Pem.readCertificate(authorityPem));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(authorities);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
            return context;
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }
}
