package io.mokube.apiserver.authn;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

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
     */
    record Credentials(List<X509Certificate> certificates, String bearerToken) {

        public Credentials {
            certificates = List.copyOf(certificates);
        }
    }
}
