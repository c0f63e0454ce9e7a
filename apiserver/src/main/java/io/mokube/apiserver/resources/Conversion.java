package io.mokube.apiserver.resources;

import io.mokube.machinery.object.KubeObject;
import java.util.List;

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

    /** Whether stored bytes are, as they are, what a client of the served version wants. */
    default boolean servesAsStored(byte[] value) {
        return isIdentity();
    }

    /** Whether someone else is asked, who may refuse or take long: then many objects are better converted at once. */
    default boolean asksSomeone() {
        return false;
    }

    /** Many objects from the storage version; conversions that ask someone else ask once. */
    default void allFromStorage(List<KubeObject> objects) {
        objects.forEach(this::fromStorage);
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
