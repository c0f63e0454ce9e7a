package io.mokube.apiserver.authn;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** A certificate's common name is the user, its organizations are the groups. TLS has checked who signed it. */
public final class CertificateAuthenticator implements Authenticator {

    /** Reading a name costs more than looking it up, and a cluster has few certificates. */
    private static final int MOST_REMEMBERED = 10_000;

    private final Map<X509Certificate, User> users = new ConcurrentHashMap<>();

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        X509Certificate certificate = credentials.certificate();
        if (certificate == null) {
            return Optional.empty();
        }
        User known = users.get(certificate);
        if (known != null) {
            return Optional.of(known);
        }
        User user = user(certificate);
        if (users.size() < MOST_REMEMBERED) {
            users.put(certificate, user);
        }
        return Optional.of(user);
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
        groups.add(User.AUTHENTICATED);
        return new User(name, groups);
    }
}
