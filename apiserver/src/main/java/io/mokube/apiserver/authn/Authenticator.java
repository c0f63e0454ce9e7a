package io.mokube.apiserver.authn;

import java.security.cert.X509Certificate;
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
     * @param certificate the client's certificate, signed by the cluster's authority, or null
     * @param bearerToken the token of the Authorization header, {@code ""} for none
     */
    record Credentials(@Nullable X509Certificate certificate, String bearerToken) {}
}
