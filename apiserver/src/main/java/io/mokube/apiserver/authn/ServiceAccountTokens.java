package io.mokube.apiserver.authn;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Signs and recognises the tokens of service accounts: JWTs with the claims Kubernetes gives them. A token is good while
 * it has not expired and the account, and the pod it is bound to, exist with the UIDs it names.
 */
@SuppressWarnings("JavaUtilDate") // the token library takes nothing else
public final class ServiceAccountTokens implements Authenticator {

    /** Who signs, and whom tokens are for when nobody says otherwise. */
    public static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

    private static final String PREFIX = "system:serviceaccount:";
    private static final String CLAIM = "kubernetes.io";

    private final KeyPair keys;
    private final String keyId;
    private final JWSVerifier verifier;
    private final Clock clock;
    private final Lookup lookup;

    /** Finds the UIDs of objects. */
    public interface Lookup {

        /** The UID of an object that exists, empty when there is none; {@code plural} is of the core group. */
        Optional<String> uid(String plural, ObjectKey key);
    }

    /** An object a token dies with. */
    public record Bound(String kind, String name, String uid) {}

    /** A token and its end. */
    public record Issued(String token, Instant expires) {}

    public ServiceAccountTokens(KeyPair keys, Clock clock, Lookup lookup) {
        this.keys = keys;
        this.keyId = keyId(keys);
        this.verifier = new RSASSAVerifier((RSAPublicKey) keys.getPublic());
        this.clock = clock;
        this.lookup = lookup;
    }

    private static String keyId(KeyPair keys) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(keys.getPublic().getEncoded());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Signs a token for an account. */
    public Issued issue(ObjectKey account, String uid, List<String> audiences, Duration life, @Nullable Bound bound) {
        Instant now = clock.instant();
        Instant end = now.plus(life);
        Map<String, Object> claim = new LinkedHashMap<>();
        claim.put("namespace", account.namespace());
        claim.put("serviceaccount", Map.of("name", account.name(), "uid", uid));
        if (bound != null) {
            claim.put(bound.kind(), Map.of("name", bound.name(), "uid", bound.uid()));
        }
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .subject(PREFIX + account.namespace() + ":" + account.name())
                .audience(audiences)
                .issueTime(Date.from(now))
                .notBeforeTime(Date.from(now))
                .expirationTime(Date.from(end))
                .jwtID(UUID.randomUUID().toString())
                .claim(CLAIM, claim)
                .build();
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(keyId).build(), claims);
        try {
            token.sign(new RSASSASigner(keys.getPrivate()));
        } catch (JOSEException e) {
            throw new IllegalStateException("the service account key can't sign", e);
        }
        return new Issued(token.serialize(), end);
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        return review(credentials.bearerToken(), List.of(ISSUER));
    }

    /**
     * Who holds a token that is meant for one of these audiences; empty when it is none of ours.
     *
     * @throws ApiException 401 when it is one of ours and no good
     */
    public Optional<User> review(String text, List<String> audiences) {
        if (text.chars().filter(each -> each == '.').count() != 2) {
            return Optional.empty();
        }
        try {
            SignedJWT token = SignedJWT.parse(text);
            JWTClaimsSet claims = token.getJWTClaimsSet();
            if (!ISSUER.equals(claims.getIssuer())) {
                return Optional.empty();
            }
            boolean good = token.getHeader().getAlgorithm().equals(JWSAlgorithm.RS256)
                    && token.verify(verifier)
                    && isCurrent(claims)
                    && claims.getAudience().stream().anyMatch(audiences::contains);
            if (!good) {
                throw ApiException.unauthorized();
            }
            return Optional.of(user(claims));
        } catch (ParseException | JOSEException e) {
            return Optional.empty();
        }
    }

    private boolean isCurrent(JWTClaimsSet claims) {
        Instant now = clock.instant();
        Date end = claims.getExpirationTime();
        Date begin = claims.getNotBeforeTime();
        return end != null
                && now.isBefore(end.toInstant())
                && (begin == null || !now.plusSeconds(60).isBefore(begin.toInstant()));
    }

    private User user(JWTClaimsSet claims) throws ParseException {
        Map<String, Object> claim = claims.getJSONObjectClaim(CLAIM);
        if (claim == null) {
            throw ApiException.unauthorized();
        }
        String namespace = String.valueOf(claim.get("namespace"));
        Map<?, ?> account = part(claim, "serviceaccount");
        String name = String.valueOf(account.get("name"));
        String uid = String.valueOf(account.get("uid"));
        demand("serviceaccounts", namespace, name, uid);
        Map<String, List<String>> extra = new LinkedHashMap<>();
        extra.put("authentication.kubernetes.io/credential-id", List.of("JTI=" + claims.getJWTID()));
        if (claim.get("pod") instanceof Map<?, ?> pod) {
            String podName = String.valueOf(pod.get("name"));
            String podUid = String.valueOf(pod.get("uid"));
            demand("pods", namespace, podName, podUid);
            extra.put("authentication.kubernetes.io/pod-name", List.of(podName));
            extra.put("authentication.kubernetes.io/pod-uid", List.of(podUid));
        }
        List<String> groups =
                List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace, User.AUTHENTICATED);
        return new User(PREFIX + namespace + ":" + name, uid, groups, extra);
    }

    private static Map<?, ?> part(Map<String, Object> claim, String name) {
        return claim.get(name) instanceof Map<?, ?> part ? part : Map.of();
    }

    private void demand(String plural, String namespace, String name, String uid) {
        if (!lookup.uid(plural, new ObjectKey(namespace, name)).equals(Optional.of(uid))) {
            throw ApiException.unauthorized();
        }
    }
}
