package io.mokube.apiserver.authn;

import com.nimbusds.jwt.JWTClaimsSet;
import io.mokube.apiserver.authn.ServiceAccountTokens.Lookup;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.interfaces.RSAPublicKey;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Recognises the tokens that are kept in secrets of type {@code kubernetes.io/service-account-token}. They never expire:
 * such a token is good while its secret holds it and the account exists with the UID that it names.
 */
public final class SecretTokens implements Authenticator {

    /** The label of a secret with the day on which its token was last used. */
    public static final String LAST_USED = "kubernetes.io/legacy-token-last-used";

    private static final String INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";
    private static final String ISSUER = "kubernetes/serviceaccount";
    private static final String CLAIM = "kubernetes.io/serviceaccount/";
    private static final int MOST_REMEMBERED = 10_000;

    private final SignedClaims tokens;
    private final Lookup lookup;
    private final Clock clock;
    private final Usage usage;

    /** Checking a signature costs more than the rest. */
    private final Map<String, Claims> remembered = new ConcurrentHashMap<>();

    /** Hears of a secret whose token is used for the first time on a day. Must return at once. */
    public interface Usage {
        void used(ObjectKey secret, LocalDate day);
    }

    private record Claims(ObjectKey secret, ObjectKey account, String uid) {}

    public SecretTokens(RSAPublicKey key, Lookup lookup, Clock clock, Usage usage) {
        this.tokens = new SignedClaims(key, ISSUER);
        this.lookup = lookup;
        this.clock = clock;
        this.usage = usage;
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        String text = credentials.bearerToken();
        Claims claims = remembered.get(text);
        if (claims == null) {
            claims = read(text);
            if (claims == null) {
                return Optional.empty();
            }
            if (remembered.size() >= MOST_REMEMBERED) {
                remembered.clear();
            }
            remembered.put(text, claims);
        }
        return Optional.of(user(claims, text));
    }

    private User user(Claims claims, String text) {
        KubeObject secret = find("secrets", claims.secret(), each -> holds(each, text));
        KubeObject account =
                find("serviceaccounts", claims.account(), each -> each.uid().equals(claims.uid()));
        if (secret == null || account == null || !label(secret, INVALID_SINCE).isEmpty()) {
            throw ApiException.unauthorized();
        }
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        String lastUsed = label(secret, LAST_USED);
        // A server whose clock is ahead may have been asked tomorrow.
        if (!lastUsed.equals(today.toString())
                && !lastUsed.equals(today.plusDays(1).toString())) {
            usage.used(claims.secret(), today);
        }
        ObjectKey key = claims.account();
        return new User(
                ServiceAccountTokens.userName(key.namespace(), key.name()),
                claims.uid(),
                ServiceAccountTokens.groups(key.namespace()),
                Map.of());
    }

    private interface Test {
        boolean isIt(KubeObject object);
    }

    /** The object when it lives and passes the test; that it does not is only final when the store says so. */
    private @Nullable KubeObject find(String plural, ObjectKey key, Test test) {
        KubeObject cached = living(lookup.cached(plural, key));
        if (cached != null && test.isIt(cached)) {
            return cached;
        }
        KubeObject stored = living(lookup.stored(plural, key));
        return stored != null && test.isIt(stored) ? stored : null;
    }

    private static @Nullable KubeObject living(@Nullable StoredObject found) {
        KubeObject object = found == null ? null : KubeObject.parse(found.value());
        return object == null || object.isBeingDeleted() ? null : object;
    }

    private static String label(KubeObject object, String name) {
        return object.labels().getOrDefault(name, "");
    }

    private static boolean holds(KubeObject secret, String token) {
        try {
            return MessageDigest.isEqual(
                    Base64.getDecoder().decode(secret.at("data", "token").asString("")),
                    token.getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Reads a token and checks the signature; null when it is none of ours.
     *
     * @throws ApiException 401 when it claims to be ours and is not, or says too little
     */
    private @Nullable Claims read(String text) {
        JWTClaimsSet claims = tokens.read(text);
        if (claims == null) {
            return null;
        }
        String namespace = claim(claims, "namespace");
        String secret = claim(claims, "secret.name");
        String account = claim(claims, "service-account.name");
        String uid = claim(claims, "service-account.uid");
        boolean good = Stream.of(namespace, secret, account, uid).noneMatch(String::isEmpty)
                && ServiceAccountTokens.userName(namespace, account).equals(claims.getSubject());
        if (!good) {
            throw ApiException.unauthorized();
        }
        return new Claims(new ObjectKey(namespace, secret), new ObjectKey(namespace, account), uid);
    }

    private static String claim(JWTClaimsSet claims, String name) {
        return claims.getClaim(CLAIM + name) instanceof String value ? value : "";
    }
}
