package io.mokube.apiserver.authn;

import io.mokube.machinery.error.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Believes proxies that know who asks: what one with a certificate of their own authority says in {@code X-Remote-User},
 * {@code X-Remote-Uid}, {@code X-Remote-Group} and {@code X-Remote-Extra-…} is so.
 */
public final class FrontProxies implements Authenticator {

    private final CertificateAuthenticator certificates;
    private final Set<String> names;

    /**
     * @param certificates recognises certificates of the proxies' authority
     * @param names the common names of proxies that are believed
     */
    public FrontProxies(CertificateAuthenticator certificates, Set<String> names) {
        this.certificates = certificates;
        this.names = Set.copyOf(names);
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        User asserted = credentials.asserted();
        if (asserted == null) {
            return Optional.empty();
        }
        Optional<User> proxy = certificates.authenticate(credentials);
        if (proxy.isEmpty()) {
            return Optional.empty();
        }
        if (!names.contains(proxy.get().name())) {
            throw ApiException.unauthorized();
        }
        List<String> groups = new ArrayList<>(asserted.groups());
        if (!groups.contains(User.AUTHENTICATED) && !groups.contains(User.UNAUTHENTICATED)) {
            groups.add(asserted.name().equals(User.ANONYMOUS) ? User.UNAUTHENTICATED : User.AUTHENTICATED);
        }
        return Optional.of(new User(asserted.name(), asserted.uid(), groups, asserted.extra()));
    }
}
