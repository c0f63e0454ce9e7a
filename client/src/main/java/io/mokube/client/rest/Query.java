package io.mokube.client.rest;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Options as the query of a request. */
final class Query {

    private final StringBuilder text = new StringBuilder();

    private Query() {}

    static String of(ListOptions options) {
        return new Query()
                .add("labelSelector", options.labels().toString())
                .add("fieldSelector", options.fields().toString())
                .add("limit", options.limit() == 0 ? "" : Integer.toString(options.limit()))
                .add("continue", options.continueToken())
                .add("resourceVersion", options.resourceVersion())
                .add("resourceVersionMatch", options.resourceVersionMatch())
                .text
                .toString();
    }

    static String of(WatchOptions options) {
        return new Query()
                .add("watch", "true")
                .add("allowWatchBookmarks", "true")
                .add("labelSelector", options.labels().toString())
                .add("fieldSelector", options.fields().toString())
                .add("resourceVersion", options.resourceVersion())
                .add("sendInitialEvents", options.sendInitialEvents() ? "true" : "")
                .add("resourceVersionMatch", options.sendInitialEvents() ? "NotOlderThan" : "")
                .add("timeoutSeconds", Long.toString(options.timeout().toSeconds()))
                .text
                .toString();
    }

    static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private Query add(String name, String value) {
        if (!value.isEmpty()) {
            text.append(text.isEmpty() ? '?' : '&').append(name).append('=').append(encode(value));
        }
        return this;
    }
}
