package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.machinery.names.GroupResource;

/** Volume claims that name no storage class get the default one. */
public final class DefaultStorageClass extends DefaultClass {

    public DefaultStorageClass(ClusterReader cluster) {
        super(
                "DefaultStorageClass",
                new GroupResource("", "persistentvolumeclaims"),
                "storageClassName",
                "volume.beta.kubernetes.io/storage-class",
                new GroupResource("storage.k8s.io", "storageclasses"),
                "storageclass.kubernetes.io/is-default-class",
                cluster);
    }
}
