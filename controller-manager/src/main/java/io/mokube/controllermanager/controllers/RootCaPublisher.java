package io.mokube.controllermanager.controllers;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
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
import java.util.Map;
import java.util.Optional;

/** Keeps the config map {@code kube-root-ca.crt}, by which pods check the API server's certificate, in every namespace. */
public final class RootCaPublisher implements Reconciler<String> {

    private static final String NAME = "root-ca-certificate-publisher-controller";
    private static final String CONFIG_MAP = "kube-root-ca.crt";
    private static final String DESCRIPTION = "kubernetes.io/description";
    private static final String DESCRIPTION_TEXT =
            "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as"
                    + " the internal service IP or kubernetes.default.svc. No other usage is guaranteed across"
                    + " distributions of Kubernetes clusters.";

    private final Store<Namespace> namespaces;
    private final Store<ConfigMap> published;
    private final ResourceClient<ConfigMap> client;
    private final Map<String, String> data;

    private RootCaPublisher(
            Store<Namespace> namespaces,
            Store<ConfigMap> published,
            ResourceClient<ConfigMap> client,
            String rootCaPem) {
        this.namespaces = namespaces;
        this.published = published;
        this.client = client;
        this.data = Map.of("ca.crt", rootCaPem);
    }

    static Controller create(ControllerContext context) {
        Informer<Namespace> namespaces = context.informers().informer(Namespace.class);
        Informer<ConfigMap> published = context.informers()
                .informer(
                        ResourceType.of(ConfigMap.class),
                        Selection.ALL.withFields(FieldSelector.equal("metadata.name", CONFIG_MAP)));
        RootCaPublisher publisher = new RootCaPublisher(
                namespaces.store(),
                published.store(),
                context.client().resource(ConfigMap.class),
                context.config().rootCaPem());
        ReconcileLoop<String> loop = new ReconcileLoop<>(NAME, 1, publisher, context.platform());
        namespaces.addHandler(Handler.each(
                namespace -> loop.queue().add(namespace.getMetadata().getName())));
        published.addHandler(
                Handler.each(map -> loop.queue().add(map.getMetadata().getNamespace())));
        return Controller.of(NAME, List.of(namespaces, published), loop);
    }

    @Override
    public Outcome reconcile(String name) {
        Optional<Namespace> namespace = namespaces.get(new ObjectKey("", name));
        if (namespace.isEmpty() || namespace.get().isMarkedForDeletion()) {
            return Outcome.done();
        }
        Optional<ConfigMap> present = published.get(new ObjectKey(name, CONFIG_MAP));
        try {
            if (present.isEmpty()) {
                client.create(desired(name, new ConfigMap()));
            } else if (!isRight(present.get())) {
                client.update(desired(name, present.get()));
            }
        } catch (ApiException e) {
            if (!e.isAlreadyExists() && !NamespaceEnding.isCauseOf(e)) {
                throw e;
            }
        }
        return Outcome.done();
    }

    private boolean isRight(ConfigMap map) {
        Map<String, String> annotations = map.getMetadata().getAnnotations();
        return data.equals(map.getData())
                && annotations != null
                && DESCRIPTION_TEXT.equals(annotations.get(DESCRIPTION));
    }

    private ConfigMap desired(String namespace, ConfigMap present) {
        return new ConfigMapBuilder(present)
                .editOrNewMetadata()
                .withNamespace(namespace)
                .withName(CONFIG_MAP)
                .addToAnnotations(DESCRIPTION, DESCRIPTION_TEXT)
                .endMetadata()
                .withData(data)
                .build();
    }
}
