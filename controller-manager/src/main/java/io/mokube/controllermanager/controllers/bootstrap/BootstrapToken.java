package io.mokube.controllermanager.controllers.bootstrap;

import io.fabric8.kubernetes.api.model.Secret;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ResourceType;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.selector.FieldSelector;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A token as its secret {@code kube-system/bootstrap-token-ID} has it. Pure. */
record BootstrapToken(String id, String secret) {

    private static final String NAMESPACE = "kube-system";
    private static final String NAME_PREFIX = "bootstrap-token-";
    private static final String TYPE = "bootstrap.kubernetes.io/token";

    /** The secrets that hold tokens. */
    static Informer<Secret> informer(ControllerContext context) {
        return context.informers()
                .informer(
                        ResourceType.of(Secret.class),
                        Selection.ALL.withNamespace(NAMESPACE).withFields(FieldSelector.equal("type", TYPE)));
    }

    /** When the token expires; never when it doesn't say, at once when nobody can read what it says. */
    static Instant expiration(Secret secret) {
        String text = text(secret, "expiration");
        return text.isEmpty() ? Instant.MAX : Times.parse(text).orElse(Instant.MIN);
    }

    /** The token to sign with; empty when the secret has none, says otherwise, or has expired. */
    static Optional<BootstrapToken> forSigning(Secret secret, Instant now) {
        String id = text(secret, "token-id");
        String key = text(secret, "token-secret");
        boolean isGood = id.matches("[a-z0-9]{6}")
                && secret.getMetadata().getName().equals(NAME_PREFIX + id)
                && !key.isEmpty()
                && text(secret, "usage-bootstrap-signing").equals("true")
                && !Ownership.isBeingDeleted(secret)
                && expiration(secret).isAfter(now);
        return isGood ? Optional.of(new BootstrapToken(id, key)) : Optional.empty();
    }

    private static String text(Secret secret, String key) {
        @Nullable Map<String, String> data = secret.getData();
        @Nullable String value = data == null ? null : data.get(key);
        try {
            return value == null ? "" : new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }
}
