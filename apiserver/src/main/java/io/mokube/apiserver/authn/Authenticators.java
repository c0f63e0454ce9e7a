package io.mokube.apiserver.authn;

import io.mokube.apiserver.authn.Authenticator.Credentials;
import io.mokube.machinery.error.ApiException;
import java.util.List;
import java.util.Map;

/** The kinds of credentials this server knows, asked in order. */
public final class Authenticators {

    private static final User ANONYMOUS = new User(User.ANONYMOUS, "", List.of(User.UNAUTHENTICATED), Map.of());

    private final List<Authenticator> all;

    public Authenticators(List<Authenticator> all) {
        this.all = List.copyOf(all);
    }

    /**
     * Finds out who asks; a request without credentials is anonymous.
     *
     * @throws ApiException 401 for credentials that nobody recognises
     */
    public User authenticate(Credentials credentials) {
        ApiException refusal = null;
        for (Authenticator each : all) {
            try {
                User user = each.authenticate(credentials).orElse(null);
                if (user != null) {
                    return user;
                }
            } catch (ApiException e) {
                // Another credential of the same request may be good.
                refusal = e;
            }
        }
        if (refusal != null) {
            throw refusal;
        }
        if (!credentials.bearerToken().isEmpty()) {
            throw ApiException.unauthorized();
        }
        return ANONYMOUS;
    }
}
