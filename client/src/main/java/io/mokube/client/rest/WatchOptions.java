package io.mokube.client.rest;

import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Duration;

/**
 * What a watch delivers. Bookmarks are always asked for.
 *
 * @param labels only objects with such labels
 * @param fields only objects with such fields
 * @param resourceVersion events after this version
 * @param sendInitialEvents begin with an event for every object there is, up to a bookmark (a watch list)
 * @param timeout when the server ends the watch
 * @param idleTimeout the watch counts as cut when nothing, not even a bookmark, arrived for so long
 */
public record WatchOptions(
        LabelSelector labels,
        FieldSelector fields,
        String resourceVersion,
        boolean sendInitialEvents,
        Duration timeout,
        Duration idleTimeout) {

    /** Events of all objects after a version, for five minutes. */
    public static WatchOptions from(String resourceVersion) {
        return new WatchOptions(
                LabelSelector.EVERYTHING,
                FieldSelector.EVERYTHING,
                resourceVersion,
                false,
                Duration.ofMinutes(5),
                Duration.ofSeconds(150));
    }

    public WatchOptions withLabels(LabelSelector selector) {
        return new WatchOptions(selector, fields, resourceVersion, sendInitialEvents, timeout, idleTimeout);
    }

    public WatchOptions withFields(FieldSelector selector) {
        return new WatchOptions(labels, selector, resourceVersion, sendInitialEvents, timeout, idleTimeout);
    }

    public WatchOptions withInitialEvents() {
        return new WatchOptions(labels, fields, resourceVersion, true, timeout, idleTimeout);
    }

    public WatchOptions withTimeout(Duration duration) {
        return new WatchOptions(labels, fields, resourceVersion, sendInitialEvents, duration, idleTimeout);
    }

    public WatchOptions withIdleTimeout(Duration duration) {
        return new WatchOptions(labels, fields, resourceVersion, sendInitialEvents, timeout, duration);
    }
}
