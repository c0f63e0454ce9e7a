package io.mokube.controllermanager.controllers;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.FieldSelector;
import java.util.List;
import java.util.Optional;

/** Keeps a service account named {@code default} in every namespace. */
public final class ServiceAccountController implements Reconciler<String> {

    private static final String NAME = "serviceaccount-controller";
    private static final String ACCOUNT = "default";

    private final Store<Namespace> namespaces;
    private final Store<ServiceAccount> accounts;
    private final ResourceClient<ServiceAccount> client;

    private ServiceAccountController(
            Store<Namespace> namespaces, Store<ServiceAccount> accounts, ResourceClient<ServiceAccount> client) {
        this.namespaces = namespaces;
        this.accounts = accounts;
        this.client = client;
    }

    static Controller create(ControllerContext context) {
        Informer<Namespace> namespaces = context.informers().informer(Namespace.class);
        Informer<ServiceAccount> accounts = context.informers()
                .informer(
                        ResourceType.of(ServiceAccount.class),
                        Selection.ALL.withFields(FieldSelector.equal("metadata.name", ACCOUNT)));
        ReconcileLoop<String> loop = new ReconcileLoop<>(
                NAME,
                1,
                new ServiceAccountController(
                        namespaces.store(), accounts.store(), context.client().resource(ServiceAccount.class)),
                context.platform());
        namespaces.addHandler(Handler.each(
                namespace -> loop.queue().add(namespace.getMetadata().getName())));
        accounts.addHandler(new Handler<>() {
            @Override
            public void deleted(ServiceAccount last) {
                loop.queue().add(last.getMetadata().getNamespace());
            }
        });
        return Controller.of(NAME, List.of(namespaces, accounts), loop);
    }

    @Override
    public Outcome reconcile(String name) {
        Optional<Namespace> namespace = namespaces.get(new ObjectKey("", name));
        boolean lives = namespace.isPresent() && !namespace.get().isMarkedForDeletion();
        if (lives && accounts.get(new ObjectKey(name, ACCOUNT)).isEmpty()) {
            create(name);
        }
        return Outcome.done();
    }

    private void create(String namespace) {
        try {
            client.create(new ServiceAccountBuilder()
                    .withNewMetadata()
                    .withNamespace(namespace)
                    .withName(ACCOUNT)
                    .endMetadata()
                    .build());
        } catch (ApiException e) {
            if (!e.isAlreadyExists() && !NamespaceEnding.isCauseOf(e)) {
                throw e;
            }
        }
    }
}
