package io.mokube.apiserver.authn;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.mokube.machinery.error.ApiException;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import org.jspecify.annotations.Nullable;

/** Reads the tokens of one issuer and checks who signed them. */
final class SignedClaims {

    private final JWSVerifier verifier;
    private final String issuer;

    SignedClaims(RSAPublicKey key, String issuer) {
        this.verifier = new RSASSAVerifier(key);
        this.issuer = issuer;
    }

    /**
     * What a token says; null when it is none of the issuer's.
     *
     * @throws ApiException 401 when it claims to be the issuer's and is not
     */
    @Nullable
    JWTClaimsSet read(String text) {
        if (text.chars().filter(each -> each == '.').count() != 2) {
            return null;
        }
        try {
            SignedJWT token = SignedJWT.parse(text);
            JWTClaimsSet claims = token.getJWTClaimsSet();
            if (!issuer.equals(claims.getIssuer())) {
                return null;
            }
            boolean good = token.getHeader().getAlgorithm().equals(JWSAlgorithm.RS256) && token.verify(verifier);
            if (!good) {
                throw ApiException.unauthorized();
            }
            return claims;
        } catch (ParseException | JOSEException e) {
            return null;
        }
    }
}
