package io.mokube.client.rest;

import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;

/**
 * What a list returns. The resource version is unset unless asked for, so that the answer is consistent: it holds every
 * write acknowledged before the request.
 *
 * @param labels only objects with such labels
 * @param fields only objects with such fields
 * @param limit the most items in one answer, 0 for all of them
 * @param continueToken where to go on, {@code ""} for the start
 * @param resourceVersion the version to list at, {@code ""} for a consistent list
 * @param resourceVersionMatch {@code Exact} or {@code NotOlderThan}, {@code ""} when unset
 */
public record ListOptions(
        LabelSelector labels,
        FieldSelector fields,
        int limit,
        String continueToken,
        String resourceVersion,
        String resourceVersionMatch) {

    /** Everything, consistently, in one answer. */
    public static final ListOptions ALL =
            new ListOptions(LabelSelector.EVERYTHING, FieldSelector.EVERYTHING, 0, "", "", "");

    public ListOptions withLabels(LabelSelector selector) {
        return new ListOptions(selector, fields, limit, continueToken, resourceVersion, resourceVersionMatch);
    }

    public ListOptions withFields(FieldSelector selector) {
        return new ListOptions(labels, selector, limit, continueToken, resourceVersion, resourceVersionMatch);
    }

    public ListOptions withLimit(int most) {
        return new ListOptions(labels, fields, most, continueToken, resourceVersion, resourceVersionMatch);
    }

    public ListOptions withContinue(String token) {
        return new ListOptions(labels, fields, limit, token, resourceVersion, resourceVersionMatch);
    }

    public ListOptions withResourceVersion(String version, String match) {
        return new ListOptions(labels, fields, limit, continueToken, version, match);
    }
}
