package io.mokube.apiserver.authn;

import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tokens with which new nodes make themselves known: {@code id.secret}, kept in the secret
 * {@code bootstrap-token-<id>} of {@code kube-system}. What such a secret lacks or says wrongly makes its token no good.
 */
public final class BootstrapTokens implements Authenticator {

    private static final Pattern FORM = Pattern.compile("([a-z0-9]{6})\\.([a-z0-9]{16})");
    private static final Pattern GROUP = Pattern.compile("system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]");
    private static final String TYPE = "bootstrap.kubernetes.io/token";

    private final Function<String, Optional<KubeObject>> secrets;
    private final Clock clock;

    /** @param secrets finds a secret of {@code kube-system} by its name */
    public BootstrapTokens(Function<String, Optional<KubeObject>> secrets, Clock clock) {
        this.secrets = secrets;
        this.clock = clock;
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        Matcher parts = FORM.matcher(credentials.bearerToken());
        if (!parts.matches()) {
            return Optional.empty();
        }
        String id = parts.group(1);
        Optional<KubeObject> found = secrets.apply("bootstrap-token-" + id);
        if (found.isEmpty() || !isGood(found.get(), id, parts.group(2))) {
            return Optional.empty();
        }
        List<String> groups = new ArrayList<>(List.of("system:bootstrappers"));
        for (String group : text(found.get(), "auth-extra-groups").split(",")) {
            if (GROUP.matcher(group.strip()).matches()) {
                groups.add(group.strip());
            }
        }
        groups.add(User.AUTHENTICATED);
        return Optional.of(new User("system:bootstrap:" + id, "", groups, Map.of()));
    }

    private boolean isGood(KubeObject secret, String id, String given) {
        return !secret.isBeingDeleted()
                && secret.at("type").asString("").equals(TYPE)
                && text(secret, "token-id").equals(id)
                && MessageDigest.isEqual(
                        text(secret, "token-secret").getBytes(StandardCharsets.UTF_8),
                        given.getBytes(StandardCharsets.UTF_8))
                && text(secret, "usage-bootstrap-authentication").equals("true")
                && isCurrent(text(secret, "expiration"));
    }

    private boolean isCurrent(String expiration) {
        try {
            return expiration.isEmpty() || clock.instant().isBefore(Instant.parse(expiration));
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private static String text(KubeObject secret, String key) {
        try {
            return new String(Base64.getDecoder().decode(secret.at("data", key).asString("")), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }
}
