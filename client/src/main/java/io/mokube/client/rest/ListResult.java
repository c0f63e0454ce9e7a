package io.mokube.client.rest;

import java.util.List;

/**
 * One answer to a list.
 *
 * @param items the objects
 * @param resourceVersion the version of the whole list, from which a watch misses nothing
 * @param continueToken where the next part begins, {@code ""} when this is the last one
 */
public record ListResult<T>(List<T> items, String resourceVersion, String continueToken) {

    public ListResult {
        items = List.copyOf(items);
    }
}
