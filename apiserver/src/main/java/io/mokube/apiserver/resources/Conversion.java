package io.mokube.apiserver.resources;

import io.mokube.machinery.object.KubeObject;

/** Turns objects of one served version into the storage version and back, in place; sets {@code apiVersion} too. */
public interface Conversion {

    /** From the served version. */
    void toStorage(KubeObject object);

    /** To the served version. */
    void fromStorage(KubeObject object);

    /** Whether the versions differ in nothing, not even {@code apiVersion}: true of the storage version itself. */
    default boolean isIdentity() {
        return false;
    }

    /** The storage version itself. */
    Conversion IDENTITY = new Conversion() {
        @Override
        public void toStorage(KubeObject object) {}

        @Override
        public void fromStorage(KubeObject object) {}

        @Override
        public boolean isIdentity() {
            return true;
        }
    };

    /** Versions that differ in nothing but their name. */
    static Conversion renaming(String servedApiVersion, String storageApiVersion) {
        return new Conversion() {
            @Override
            public void toStorage(KubeObject object) {
                object.root().put("apiVersion", storageApiVersion);
            }

            @Override
            public void fromStorage(KubeObject object) {
                object.root().put("apiVersion", servedApiVersion);
            }
        };
    }
}
