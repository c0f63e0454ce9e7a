package io.mokube.kubelet.images;

import io.mokube.machinery.digest.Sha256;

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
        return new PullSecret(uid, namespace, name, Sha256.hex(login));
    }

    /** Whether both are one object, whatever it holds. */
    boolean sameObject(PullSecret other) {
        return uid.equals(other.uid) && namespace.equals(other.namespace) && name.equals(other.name);
    }
}
