package io.mokube.pki;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/** A certificate signed by the cluster's authority, with its key. */
public record Credential(X509Certificate certificate, PrivateKey key) {

    public String certificatePem() {
        return Pem.write(certificate);
    }

    public String keyPem() {
        return Pem.write(key);
    }
}
