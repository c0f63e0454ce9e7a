package io.mokube.client.rest;

import io.mokube.machinery.error.Status;

/** One line of a watch. */
public sealed interface WatchEvent<T> {

    /** An object appeared, or entered the selection. */
    record Added<T>(T object) implements WatchEvent<T> {}

    /** An object changed. */
    record Modified<T>(T object) implements WatchEvent<T> {}

    /** An object is gone, or left the selection; this is its last state, with the version of its removal. */
    record Deleted<T>(T object) implements WatchEvent<T> {}

    /**
     * Everything up to a version was delivered.
     *
     * @param initialEventsEnd the objects there were at the start of a watch list are complete
     */
    record Bookmark<T>(String resourceVersion, boolean initialEventsEnd) implements WatchEvent<T> {}

    /** The server ends the watch with an error, such as 410 when the version asked for is gone. */
    record Failed<T>(Status status) implements WatchEvent<T> {}
}
