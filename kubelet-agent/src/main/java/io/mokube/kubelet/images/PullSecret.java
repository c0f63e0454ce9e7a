package io.mokube.kubelet.images;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A secret with a login for a registry.
 *
 * @param credentialHash of the login in it, which a secret of another name may hold too
 */
public record PullSecret(String uid, String namespace, String name, String credentialHash) {

    /**
     * @param login everything that the registry is shown
     */
    public static PullSecret of(String uid, String namespace, String name, String login) {
        return new PullSecret(uid, namespace, name, sha256(login));
    }

    /** Whether both are one object, whatever it holds. */
    boolean sameObject(PullSecret other) {
        return uid.equals(other.uid) && namespace.equals(other.namespace) && name.equals(other.name);
    }

    static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
