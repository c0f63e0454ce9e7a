package io.mokube.apiserver.authn;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.time.Clock;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * A certificate's common name is the user, its organizations are the groups. TLS has checked that the client has the
 * certificate's key; who signed it, and whether it is of today, is checked here, so that the client hears 401 and not of a
 * broken handshake.
 */
public final class CertificateAuthenticator implements Authenticator {

    /** Checking a certificate costs more than looking it up, and a cluster has few. */
    private static final int MOST_REMEMBERED = 10_000;

    private static final Set<String> CLIENT_USAGES = Set.of("1.3.6.1.5.5.7.3.2", "2.5.29.37.0");

    private final X509Certificate authority;
    private final Clock clock;
    private final Map<X509Certificate, User> users = new ConcurrentHashMap<>();

    /** @param authority who signs the certificates of the cluster's users */
    public CertificateAuthenticator(X509Certificate authority, Clock clock) {
        this.authority = authority;
        this.clock = clock;
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        if (credentials.certificates().isEmpty()) {
            return Optional.empty();
        }
        X509Certificate certificate = credentials.certificates().getFirst();
        Instant now = clock.instant();
        if (now.isBefore(certificate.getNotBefore().toInstant())
                || now.isAfter(certificate.getNotAfter().toInstant())) {
            throw ApiException.unauthorized();
        }
        User known = users.get(certificate);
        if (known != null) {
            return Optional.of(known);
        }
        if (!isTrusted(credentials.certificates(), now)) {
            throw ApiException.unauthorized();
        }
        User user = user(certificate);
        if (users.size() < MOST_REMEMBERED) {
            users.put(certificate, user);
        }
        return Optional.of(user);
    }

    @SuppressWarnings("JavaUtilDate") // the validator takes nothing else
    private boolean isTrusted(List<X509Certificate> chain, Instant now) {
        try {
            List<String> usages = chain.getFirst().getExtendedKeyUsage();
            if (usages == null || usages.stream().noneMatch(CLIENT_USAGES::contains)) {
                return false;
            }
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority, null)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            List<X509Certificate> path = new ArrayList<>(chain);
            path.remove(authority);
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static User user(X509Certificate certificate) {
        String name = "";
        List<String> groups = new ArrayList<>();
        try {
            for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                switch (part.getType()) {
                    case "CN" -> name = part.getValue().toString();
                    case "O" -> groups.add(part.getValue().toString());
                    default -> {}
                }
            }
        } catch (InvalidNameException e) {
            throw new IllegalStateException("a certificate's own name is always well formed", e);
        }
        if (name.isEmpty()) {
            throw ApiException.unauthorized();
        }
        groups.add(User.AUTHENTICATED);
        return new User(name, groups);
    }
}
