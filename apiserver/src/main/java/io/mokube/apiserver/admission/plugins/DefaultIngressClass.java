package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.machinery.names.GroupResource;

/** Ingresses that name no class get the default one. */
public final class DefaultIngressClass extends DefaultClass {

    public DefaultIngressClass(ClusterReader cluster) {
        super(
                "DefaultIngressClass",
                new GroupResource("networking.k8s.io", "ingresses"),
                "ingressClassName",
                "kubernetes.io/ingress.class",
                new GroupResource("networking.k8s.io", "ingressclasses"),
                "ingressclass.kubernetes.io/is-default-class",
                cluster);
    }
}
