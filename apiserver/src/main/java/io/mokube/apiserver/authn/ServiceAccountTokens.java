package io.mokube.apiserver.authn;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.security.KeyPair;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

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
    private static final String EXTRA = "authentication.kubernetes.io/";

    /** A pod may use its token while it ends. */
    private static final Duration FAREWELL = Duration.ofSeconds(60);

    private static final Duration SKEW = Duration.ofSeconds(60);
    private static final int MOST_REMEMBERED = 10_000;

    private final KeyPair keys;
    private final String keyId;
    private final SignedClaims tokens;
    private final Clock clock;
    private final Lookup lookup;

    /** Checking a signature costs more than everything else a small request does. */
    private final Map<String, Known> remembered = new ConcurrentHashMap<>();

    /** Finds objects; {@code plural} is of the core group. */
    public interface Lookup {

        /** The object as the cache has it, or null. */
        @Nullable
        StoredObject cached(String plural, ObjectKey key);

        /** The object as the store has it now, or null. */
        @Nullable
        StoredObject stored(String plural, ObjectKey key);
    }

    /** An object that a token names: {@code pod}, {@code secret} or {@code node}. */
    public record Bound(String kind, String name, String uid) {}

    /** A token and its end. */
    public record Issued(String token, Instant expires) {}

    public ServiceAccountTokens(KeyPair keys, Clock clock, Lookup lookup) {
        this.keys = keys;
        this.keyId = keyId(keys);
        this.tokens = new SignedClaims((RSAPublicKey) keys.getPublic(), ISSUER);
        this.clock = clock;
        this.lookup = lookup;
    }

    private static String keyId(KeyPair keys) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(Sha256.of(keys.getPublic().getEncoded()));
    }

    /**
     * Signs a token for an account.
     *
     * @param bound what the token dies with, and perhaps the node of the pod it is bound to
     */
    public Issued issue(ObjectKey account, String uid, List<String> audiences, Duration life, List<Bound> bound) {
        Instant now = clock.instant();
        Instant end = now.plus(life);
        Map<String, Object> claim = new LinkedHashMap<>();
        claim.put("namespace", account.namespace());
        claim.put("serviceaccount", Map.of("name", account.name(), "uid", uid));
        for (Bound each : bound) {
            claim.put(each.kind(), Map.of("name", each.name(), "uid", each.uid()));
        }
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .subject(userName(account.namespace(), account.name()))
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
        return review(credentials.bearerToken(), List.of(ISSUER)).map(Reviewed::user);
    }

    /** Who holds a token, and for which of the audiences asked for it is meant. */
    public record Reviewed(User user, List<String> audiences) {}

    /**
     * Who holds a token that is meant for one of these audiences; empty when it is none of ours.
     *
     * @throws ApiException 401 when it is one of ours and no good
     */
    public Optional<Reviewed> review(String text, List<String> audiences) {
        Known known = remembered.get(text);
        if (known == null) {
            known = read(text);
            if (known == null) {
                return Optional.empty();
            }
            remember(text, known);
        }
        List<String> meant =
                known.audiences().stream().filter(audiences::contains).toList();
        if (meant.isEmpty() || !isCurrent(known) || !known.holders().stream().allMatch(this::isAlive)) {
            throw ApiException.unauthorized();
        }
        return Optional.of(new Reviewed(known.user(), meant));
    }

    /** What a token that we signed says. */
    private record Known(
            User user, List<String> audiences, @Nullable Instant begins, Instant ends, List<Holder> holders) {}

    /** An object that must exist for the token to be good. Remembers in which state it was last found to do so. */
    private static final class Holder {
        private final String plural;
        private final ObjectKey key;
        private final String uid;
        private volatile @Nullable StoredObject alive;

        Holder(String plural, ObjectKey key, String uid) {
            this.plural = plural;
            this.key = key;
            this.uid = uid;
        }
    }

    private void remember(String text, Known known) {
        if (remembered.size() >= MOST_REMEMBERED) {
            remembered.clear();
        }
        remembered.put(text, known);
    }

    /** A refusal is only final when the store, not the cache, has no such object. */
    private boolean isAlive(Holder holder) {
        StoredObject cached = lookup.cached(holder.plural, holder.key);
        if (cached != null && cached == holder.alive) {
            return true;
        }
        StoredObject found = isIt(holder, cached) ? cached : lookup.stored(holder.plural, holder.key);
        if (!isIt(holder, found)) {
            return false;
        }
        // An object that is going is looked at every time: it has little left.
        holder.alive = found != null && KubeObject.parse(found.value()).isBeingDeleted() ? null : found;
        return true;
    }

    private boolean isIt(Holder holder, @Nullable StoredObject found) {
        if (found == null) {
            return false;
        }
        KubeObject object = KubeObject.parse(found.value());
        Instant deleted = object.deletionTimestamp();
        return object.uid().equals(holder.uid)
                && (deleted == null || clock.instant().isBefore(deleted.plus(FAREWELL)));
    }

    private boolean isCurrent(Known known) {
        Instant now = clock.instant();
        return now.isBefore(known.ends())
                && (known.begins() == null || !now.plus(SKEW).isBefore(known.begins()));
    }

    /**
     * Reads a token and checks the signature; null when it is none of ours.
     *
     * @throws ApiException 401 when it claims to be ours and is not, or says too little
     */
    private @Nullable Known read(String text) {
        JWTClaimsSet claims = tokens.read(text);
        if (claims == null) {
            return null;
        }
        Date begin = claims.getNotBeforeTime();
        Date end = claims.getExpirationTime();
        try {
            Map<String, Object> claim = claims.getJSONObjectClaim(CLAIM);
            if (end == null || claim == null) {
                throw ApiException.unauthorized();
            }
            return known(claims, claim, begin == null ? null : begin.toInstant(), end.toInstant());
        } catch (ParseException e) {
            return null;
        }
    }

    private static Known known(JWTClaimsSet claims, Map<String, Object> claim, @Nullable Instant begins, Instant ends) {
        String namespace = String.valueOf(claim.get("namespace"));
        List<Holder> holders = new ArrayList<>();
        Map<String, List<String>> extra = new LinkedHashMap<>();
        extra.put(EXTRA + "credential-id", List.of("JTI=" + claims.getJWTID()));
        Named account = holder("serviceaccount", claim, namespace, holders);
        if (account == null) {
            throw ApiException.unauthorized();
        }
        holder("secret", claim, namespace, holders);
        Named pod = holder("pod", claim, namespace, holders);
        if (pod != null) {
            extra.put(EXTRA + "pod-name", List.of(pod.name()));
            extra.put(EXTRA + "pod-uid", List.of(pod.uid()));
        }
        Named node = named("node", claim);
        if (node != null) {
            extra.put(EXTRA + "node-name", List.of(node.name()));
            extra.put(EXTRA + "node-uid", List.of(node.uid()));
            if (pod == null) {
                // A pod's token says where the pod runs; only a node's own token dies with the node.
                holders.add(new Holder("nodes", new ObjectKey("", node.name()), node.uid()));
            }
        }
        User user = new User(userName(namespace, account.name()), account.uid(), groups(namespace), extra);
        return new Known(user, claims.getAudience(), begins, ends, holders);
    }

    private record Named(String name, String uid) {}

    private static @Nullable Named holder(
            String kind, Map<String, Object> claim, String namespace, List<Holder> holders) {
        Named named = named(kind, claim);
        if (named != null) {
            holders.add(new Holder(kind + "s", new ObjectKey(namespace, named.name()), named.uid()));
        }
        return named;
    }

    private static @Nullable Named named(String kind, Map<String, Object> claim) {
        return claim.get(kind) instanceof Map<?, ?> part
                ? new Named(String.valueOf(part.get("name")), String.valueOf(part.get("uid")))
                : null;
    }

    /**
     * Where others find what tells these tokens' signatures from forged ones: the document at
     * {@code /.well-known/openid-configuration}.
     *
     * @param server how the server is reached, such as {@code https://192.0.2.1:6443}
     */
    public static String issuerDocument(String server) {
        ObjectNode document = Json.MAPPER.createObjectNode();
        document.put("issuer", ISSUER);
        document.put("jwks_uri", server + "/openid/v1/jwks");
        document.putArray("response_types_supported").add("id_token");
        document.putArray("subject_types_supported").add("public");
        document.putArray("id_token_signing_alg_values_supported").add(JWSAlgorithm.RS256.getName());
        return document.toString();
    }

    /** The public keys of these tokens, as a JSON Web Key Set. */
    public String keySet() {
        RSAKey key = new RSAKey.Builder((RSAPublicKey) keys.getPublic())
                .keyID(keyId)
                .keyUse(KeyUse.SIGNATURE)
                .algorithm(JWSAlgorithm.RS256)
                .build();
        return new JWKSet(key).toString();
    }

    /** The user that a service account is. */
    public static String userName(String namespace, String name) {
        return PREFIX + namespace + ":" + name;
    }

    /** The groups of every service account of a namespace. */
    public static List<String> groups(String namespace) {
        return List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace, User.AUTHENTICATED);
    }
}
