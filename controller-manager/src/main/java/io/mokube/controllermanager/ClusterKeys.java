package io.mokube.controllermanager;

import io.mokube.machinery.component.ComponentException;
import io.mokube.pki.Credential;
import io.mokube.pki.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.interfaces.RSAPrivateCrtKey;
import java.time.Duration;
import java.util.Optional;

/**
 * The secrets that the controllers sign with. Without one of them, the controllers that need it are idle, as Kubernetes'
 * are.
 *
 * @param signing how certificate signing requests are signed
 * @param serviceAccounts the RSA key whose tokens the API server takes
 */
public record ClusterKeys(Optional<Signing> signing, Optional<RSAPrivateCrtKey> serviceAccounts) {

    public static final ClusterKeys NONE = new ClusterKeys(Optional.empty(), Optional.empty());

    /** How long a certificate lives when neither the configuration nor its request says otherwise. */
    public static final Duration YEAR = Duration.ofDays(365);

    /**
     * @param authority what certificates are signed with
     * @param longestLife how long they live at most
     */
    public record Signing(Credential authority, Duration longestLife) {}

    /**
     * The keys in the folder of an API server that keeps its certificates as kubeadm does.
     *
     * @throws ComponentException when a file can't be read
     */
    public static ClusterKeys of(Path pki) {
        return NONE.withSigning(pki.resolve("ca.crt"), pki.resolve("ca.key"), YEAR)
                .withServiceAccounts(pki.resolve("sa.key"));
    }

    /**
     * @throws ComponentException when a file can't be read
     */
    public ClusterKeys withSigning(Path certificate, Path key, Duration longestLife) {
        Credential authority = new Credential(read(certificate, Pem::readCertificate), read(key, Pem::readPrivateKey));
        return new ClusterKeys(Optional.of(new Signing(authority, longestLife)), serviceAccounts);
    }

    /**
     * @throws ComponentException when the file can't be read or holds no RSA key
     */
    public ClusterKeys withServiceAccounts(Path key) {
        return new ClusterKeys(signing, Optional.of(read(key, pem -> {
            if (Pem.readPrivateKey(pem) instanceof RSAPrivateCrtKey rsa) {
                return rsa;
            }
            throw new GeneralSecurityException("service account tokens are signed with an RSA key");
        })));
    }

    /** Says which keys there are, never the keys. */
    @Override
    public String toString() {
        return "ClusterKeys[signing=" + signing.isPresent() + ", serviceAccounts=" + serviceAccounts.isPresent() + "]";
    }

    private interface Reading<T> {
        T of(String pem) throws GeneralSecurityException;
    }

    private static <T> T read(Path file, Reading<T> reading) {
        try {
            return reading.of(Files.readString(file));
        } catch (IOException | GeneralSecurityException e) {
            throw new ComponentException("can't read " + file + ": " + e.getMessage(), e);
        }
    }
}
