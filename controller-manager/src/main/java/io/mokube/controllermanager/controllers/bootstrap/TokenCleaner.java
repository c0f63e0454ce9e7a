package io.mokube.controllermanager.controllers.bootstrap;

import io.fabric8.kubernetes.api.model.Secret;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Deletes tokens that have expired. */
public final class TokenCleaner implements Reconciler<ObjectKey> {

    private static final String NAME = "token-cleaner-controller";

    private final Store<Secret> secrets;
    private final ResourceClient<Secret> client;
    private final Clock clock;

    private TokenCleaner(Store<Secret> secrets, ResourceClient<Secret> client, Clock clock) {
        this.secrets = secrets;
        this.client = client;
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        Informer<Secret> secrets = BootstrapToken.informer(context);
        TokenCleaner cleaner = new TokenCleaner(
                secrets.store(),
                context.client().resource(Secret.class),
                context.platform().clock());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, 1, cleaner, context.platform());
        secrets.addHandler(Handler.each(secret -> loop.queue().add(Ownership.key(secret))));
        return Controller.of(NAME, List.of(secrets), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Secret> found = secrets.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        Instant expiration = BootstrapToken.expiration(found.get());
        Instant now = clock.instant();
        if (expiration.equals(Instant.MAX)) {
            return Outcome.done();
        }
        if (expiration.isAfter(now)) {
            return Outcome.again(Duration.between(now, expiration));
        }
        try {
            client.delete(
                    key, DeleteOptions.DEFAULT.withUid(found.get().getMetadata().getUid()));
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
        return Outcome.done();
    }
}
