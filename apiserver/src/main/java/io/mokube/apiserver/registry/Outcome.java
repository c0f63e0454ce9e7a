package io.mokube.apiserver.registry;

import io.mokube.apiserver.cache.StoredObject;

/** What became of a change. */
public sealed interface Outcome {

    /** The object as it now is. */
    StoredObject object();

    record Created(StoredObject object) implements Outcome {}

    /** Also when nothing needed to be written. */
    record Stored(StoredObject object) implements Outcome {}

    /** It is gone; this is what it was last. */
    record Deleted(StoredObject object) implements Outcome {}
}
