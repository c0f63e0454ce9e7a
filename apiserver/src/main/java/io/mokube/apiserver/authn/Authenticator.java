package io.mokube.apiserver.authn;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Recognises one kind of credential. Cheap, and safe for use by many threads. */
@FunctionalInterface
public interface Authenticator {

    /**
     * @return who holds these credentials, empty when this kind of credential is not among them
     * @throws io.mokube.machinery.error.ApiException 401 when it is among them and no good
     */
    Optional<User> authenticate(Credentials credentials);

    /**
     * What a request carries.
     *
     * @param certificates the client's certificate, whose key it has, and those that lead from it to its authority,
     *     whoever that is; empty for none
     * @param bearerToken the token of the Authorization header, {@code ""} for none
     * @param asserted whom the client says that it asks for, null when it says nothing of that
     */
    record Credentials(
            List<X509Certificate> certificates,
            String bearerToken,
            @Nullable User asserted) {

        public Credentials {
            certificates = List.copyOf(certificates);
        }

        public Credentials(List<X509Certificate> certificates, String bearerToken) {
            this(certificates, bearerToken, null);
        }
    }
}
