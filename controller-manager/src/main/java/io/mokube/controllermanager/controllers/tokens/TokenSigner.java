package io.mokube.controllermanager.controllers.tokens;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.mokube.machinery.digest.Sha256;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAPublicKeySpec;
import java.util.Base64;

/** Signs the tokens that secrets keep, with the claims that API servers look for in them. */
final class TokenSigner {

    private static final String CLAIM = "kubernetes.io/serviceaccount/";

    private final RSAPrivateCrtKey key;
    private final JWSHeader header;

    TokenSigner(RSAPrivateCrtKey key) {
        this.key = key;
        try {
            byte[] publicKey = KeyFactory.getInstance("RSA")
                    .generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()))
                    .getEncoded();
            String id = Base64.getUrlEncoder().withoutPadding().encodeToString(Sha256.of(publicKey));
            this.header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(id).build();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has RSA", e);
        }
    }

    /** A token of the account that is good while the secret holds it. */
    String sign(ServiceAccount account, String secret) {
        String namespace = account.getMetadata().getNamespace();
        String name = account.getMetadata().getName();
        SignedJWT token = new SignedJWT(
                header,
                new JWTClaimsSet.Builder()
                        .issuer("kubernetes/serviceaccount")
                        .subject("system:serviceaccount:" + namespace + ":" + name)
                        .claim(CLAIM + "namespace", namespace)
                        .claim(CLAIM + "secret.name", secret)
                        .claim(CLAIM + "service-account.name", name)
                        .claim(
                                CLAIM + "service-account.uid",
                                account.getMetadata().getUid())
                        .build());
        try {
            token.sign(new RSASSASigner(key));
        } catch (JOSEException e) {
            throw new IllegalStateException("the service account key can't sign", e);
        }
        return token.serialize();
    }
}
