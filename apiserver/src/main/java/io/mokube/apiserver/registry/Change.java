package io.mokube.apiserver.registry;

import io.mokube.machinery.object.KubeObject;

/** What is to become of an object, decided from what it is. */
public sealed interface Change {

    /** It shall be this; when that is what it is already, nothing is written. */
    record Write(KubeObject object) implements Change {}

    /** It shall be gone, and leave this behind for the answer. */
    record Delete(KubeObject last) implements Change {}

    /** It shall stay as it is. */
    record Keep() implements Change {}
}
