package io.mokube.controllermanager.controllers.tokens;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ResourceType;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.FieldSelector;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What secrets of type {@code kubernetes.io/service-account-token} say. Pure, but for the informer. */
final class TokenSecrets {

    static final String TOKEN = "token";
    static final String NAMESPACE = "namespace";
    static final String CA = "ca.crt";
    static final String ACCOUNT_NAME = "kubernetes.io/service-account.name";
    static final String ACCOUNT_UID = "kubernetes.io/service-account.uid";
    static final String LAST_USED = "kubernetes.io/legacy-token-last-used";
    static final String INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";

    private TokenSecrets() {}

    /** The informer of these secrets alone. */
    static Informer<Secret> informer(ControllerContext context) {
        return context.informers()
                .informer(
                        ResourceType.of(Secret.class),
                        Selection.ALL.withFields(FieldSelector.equal("type", "kubernetes.io/service-account-token")));
    }

    /** The account that the secret is for. */
    static ObjectKey account(Secret secret) {
        return new ObjectKey(
                Ownership.namespace(secret), Ownership.annotations(secret).getOrDefault(ACCOUNT_NAME, ""));
    }

    /** Whether the secret is for this very account; one that names no UID is for whoever has the name. */
    static boolean isFor(Secret secret, ServiceAccount account) {
        String uid = Ownership.annotations(secret).getOrDefault(ACCOUNT_UID, "");
        return account(secret).equals(Ownership.key(account))
                && (uid.isEmpty() || uid.equals(account.getMetadata().getUid()));
    }

    static boolean isReferenced(ServiceAccount account, String secret) {
        @Nullable List<ObjectReference> secrets = account.getSecrets();
        return secrets != null && secrets.stream().anyMatch(each -> secret.equals(each.getName()));
    }

    /** A value of the secret as the text it stands for, {@code ""} when there is none. */
    static String text(Secret secret, String key) {
        @Nullable Map<String, String> data = secret.getData();
        @Nullable String value = data == null ? null : data.get(key);
        try {
            return value == null ? "" : new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }
}
