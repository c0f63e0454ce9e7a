package io.mokube.apiserver.crd;

import io.mokube.apiserver.resources.Conversion;
import io.mokube.machinery.object.KubeObject;
import java.util.List;

/** From the store to one version of a custom resource. Writes work on that version until they are stored. */
final class CustomConversion implements Conversion {

    private final Versions versions;
    private final String version;
    private final Versions.Prefix stored;

    CustomConversion(Versions versions, String version) {
        this.versions = versions;
        this.version = version;
        this.stored = versions.prefix(version);
    }

    @Override
    public void toStorage(KubeObject object) {}

    @Override
    public void fromStorage(KubeObject object) {
        versions.read(List.of(object), version);
    }

    @Override
    public void allFromStorage(List<KubeObject> objects) {
        versions.read(objects, version);
    }

    @Override
    public boolean asksSomeone() {
        return versions.asksSomeone();
    }

    @Override
    public boolean servesAsStored(byte[] value) {
        return stored.isOf(value);
    }
}
