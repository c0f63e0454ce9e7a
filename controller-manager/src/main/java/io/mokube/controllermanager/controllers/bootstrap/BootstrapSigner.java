package io.mokube.controllermanager.controllers.bootstrap;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Signs {@code kube-public/cluster-info} with every token, so that a node that holds one can trust it. */
public final class BootstrapSigner implements Reconciler<ObjectKey> {

    private static final String NAME = "bootstrap-signer-controller";
    private static final ObjectKey CLUSTER_INFO = new ObjectKey("kube-public", "cluster-info");

    private final Store<ConfigMap> maps;
    private final Store<Secret> secrets;
    private final ResourceClient<ConfigMap> client;
    private final Clock clock;

    private BootstrapSigner(
            Store<ConfigMap> maps, Store<Secret> secrets, ResourceClient<ConfigMap> client, Clock clock) {
        this.maps = maps;
        this.secrets = secrets;
        this.client = client;
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        Informer<Secret> secrets = BootstrapToken.informer(context);
        Informer<ConfigMap> maps = context.informers()
                .informer(
                        ResourceType.of(ConfigMap.class),
                        Selection.ALL
                                .withNamespace(CLUSTER_INFO.namespace())
                                .withFields(FieldSelector.equal("metadata.name", CLUSTER_INFO.name())));
        BootstrapSigner signer = new BootstrapSigner(
                maps.store(),
                secrets.store(),
                context.client().resource(ConfigMap.class),
                context.platform().clock());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, 1, signer, context.platform());
        maps.addHandler(Handler.each(map -> loop.queue().add(CLUSTER_INFO)));
        secrets.addHandler(Handler.each(secret -> loop.queue().add(CLUSTER_INFO)));
        return Controller.of(NAME, List.of(secrets, maps), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Instant now = clock.instant();
        Optional<ConfigMap> change = maps.get(key)
                .flatMap(map -> ClusterInfo.signed(
                        map,
                        secrets.list().stream()
                                .flatMap(secret -> BootstrapToken.forSigning(secret, now).stream())
                                .toList()));
        if (change.isPresent()) {
            try {
                client.update(change.get());
            } catch (ApiException e) {
                if (!e.isConflict() && !e.isNotFound()) { // it changed, and the change brings its key back
                    throw e;
                }
            }
        }
        return Outcome.done();
    }
}
