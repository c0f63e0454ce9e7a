package io.mokube.controllermanager.controllers.tokens;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** Looks once a day for tokens that were made for accounts without being asked for and are used by nobody. */
public final class LegacyTokenCleaner {

    private static final Logger log = LoggerFactory.getLogger(LegacyTokenCleaner.class);
    private static final String NAME = "legacy-serviceaccount-token-cleaner-controller";
    private static final Duration PERIOD = Duration.ofHours(24);
    private static final Duration UNUSED_FOR = Duration.ofDays(365);

    private final Store<Secret> secrets;
    private final Store<ServiceAccount> accounts;
    private final Store<Pod> pods;
    private final ResourceClient<Secret> secretClient;
    private final ResourceClient<ConfigMap> mapClient;
    private final Clock clock;

    private LegacyTokenCleaner(
            Store<Secret> secrets, Store<ServiceAccount> accounts, Store<Pod> pods, ControllerContext context) {
        this.secrets = secrets;
        this.accounts = accounts;
        this.pods = pods;
        this.secretClient = context.client().resource(Secret.class);
        this.mapClient = context.client().resource(ConfigMap.class);
        this.clock = context.platform().clock();
    }

    public static Controller create(ControllerContext context) {
        Informer<Secret> secrets = TokenSecrets.informer(context);
        Informer<ServiceAccount> accounts = context.informers().informer(ServiceAccount.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        LegacyTokenCleaner cleaner = new LegacyTokenCleaner(secrets.store(), accounts.store(), pods.store(), context);
        ReconcileLoop<String> loop = new ReconcileLoop<>(NAME, 1, any -> cleaner.sweep(), context.platform());
        loop.queue().add("all tokens");
        return Controller.of(NAME, List.of(secrets, accounts, pods), loop);
    }

    private Outcome sweep() {
        Instant now = clock.instant();
        // Before uses have been noted for that long, an unused token can't be told from a used one.
        if (notedSince().filter(since -> !now.isBefore(since.plus(UNUSED_FOR))).isEmpty()) {
            return Outcome.again(PERIOD);
        }
        for (Secret secret : secrets.list()) {
            UnusedTokens verdict = UnusedTokens.judge(
                    secret, accounts.get(TokenSecrets.account(secret)), isMounted(secret), UNUSED_FOR, now);
            try {
                switch (verdict) {
                    case KEEP -> {}
                    case INVALIDATE -> invalidate(secret, now);
                    case DELETE ->
                        secretClient.delete(
                                Ownership.key(secret),
                                DeleteOptions.DEFAULT.withResourceVersion(
                                        secret.getMetadata().getResourceVersion()));
                }
                if (verdict != UnusedTokens.KEEP) {
                    log.atInfo()
                            .setMessage("an unused service account token")
                            .addKeyValue("secret", Ownership.key(secret))
                            .addKeyValue("verdict", verdict)
                            .log();
                }
            } catch (ApiException e) {
                if (!e.isConflict() && !e.isNotFound()) { // it is looked at again tomorrow
                    throw e;
                }
            }
        }
        return Outcome.again(PERIOD);
    }

    private void invalidate(Secret secret, Instant now) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("uid", secret.getMetadata().getUid());
        metadata.put("resourceVersion", secret.getMetadata().getResourceVersion());
        metadata.putObject("labels")
                .put(
                        TokenSecrets.INVALID_SINCE,
                        LocalDate.ofInstant(now, ZoneOffset.UTC).toString());
        secretClient.patch(Ownership.key(secret), PatchKind.MERGE, patch);
    }

    private boolean isMounted(Secret secret) {
        return pods.list(Ownership.namespace(secret)).stream()
                .anyMatch(
                        pod -> PodSecrets.of(pod).contains(secret.getMetadata().getName()));
    }

    /** From when on every use of a token was noted by the API server. */
    private Optional<Instant> notedSince() {
        return mapClient
                .get("kube-system", "kube-apiserver-legacy-service-account-token-tracking")
                .map(map -> map.getData() == null ? "" : map.getData().getOrDefault("since", ""))
                .flatMap(UnusedTokens::day)
                .map(day -> day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant());
    }
}
