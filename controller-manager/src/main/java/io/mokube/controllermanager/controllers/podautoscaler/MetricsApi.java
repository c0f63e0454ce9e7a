package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.quantity.Quantity;
import io.mokube.machinery.selector.LabelSelector;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * The metrics APIs: {@code metrics.k8s.io}, which the API server serves itself, and {@code custom.metrics.k8s.io} and
 * {@code external.metrics.k8s.io}, which somebody may add.
 */
final class MetricsApi implements MetricsSource {

    private static final String CUSTOM = "/apis/custom.metrics.k8s.io";
    private static final String EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1";

    private static final Pattern PARTS = Pattern.compile("([0-9.]+)(h|ms|m|s|us|ns)");

    private final ApiClient client;
    private final Kinds kinds;

    MetricsApi(ApiClient client, Kinds kinds) {
        this.client = client;
        this.kinds = kinds;
    }

    @Override
    public Map<String, Reading> resource(String namespace, LabelSelector pods, String resource, String container)
            throws MetricUnavailableException {
        JsonNode items = items(
                "resource",
                "/apis/metrics.k8s.io/v1beta1/namespaces/" + namespace + "/pods?labelSelector="
                        + escape(pods.toString()));
        Map<String, Reading> readings = new HashMap<>();
        for (JsonNode pod : items) {
            String name = pod.path("metadata").path("name").asString("");
            OptionalLong milli = container.isEmpty()
                    ? sum(pod, resource)
                    : ofContainer(pod, namespace + "/" + name, resource, container);
            if (milli.isPresent()) {
                readings.put(
                        name,
                        reading(
                                pod,
                                milli.getAsLong(),
                                duration(pod.path("window").asString(""))));
            }
        }
        return present("resource", readings);
    }

    /** Nothing when a container has no value: a part would pass for the whole. */
    private static OptionalLong sum(JsonNode pod, String resource) throws MetricUnavailableException {
        long sum = 0;
        for (JsonNode container : pod.path("containers")) {
            JsonNode value = container.path("usage").path(resource);
            if (value.isMissingNode()) {
                return OptionalLong.empty();
            }
            sum += milli(value);
        }
        return OptionalLong.of(sum);
    }

    private static OptionalLong ofContainer(JsonNode pod, String name, String resource, String container)
            throws MetricUnavailableException {
        for (JsonNode each : pod.path("containers")) {
            if (each.path("name").asString("").equals(container)) {
                JsonNode value = each.path("usage").path(resource);
                return value.isMissingNode() ? OptionalLong.empty() : OptionalLong.of(milli(value));
            }
        }
        throw new MetricUnavailableException("container " + container + " not present in metrics for pod " + name);
    }

    @Override
    public Map<String, Reading> pods(String namespace, LabelSelector pods, String metric, LabelSelector series)
            throws MetricUnavailableException {
        String query =
                "?labelSelector=" + escape(pods.toString()) + "&metricLabelSelector=" + escape(series.toString());
        Map<String, Reading> readings = new HashMap<>();
        for (JsonNode item :
                items("custom", custom() + "/namespaces/" + namespace + "/pods/*/" + escape(metric) + query)) {
            Duration window = Duration.ofSeconds(item.path("windowSeconds").asLong(60));
            readings.put(
                    item.path("describedObject").path("name").asString(""),
                    reading(item, milli(item.path("value")), window));
        }
        return present("custom", readings);
    }

    @Override
    public long object(String namespace, CrossVersionObjectReference object, String metric, LabelSelector series)
            throws MetricUnavailableException {
        String path;
        if (object.getKind().equals("Namespace")) {
            path = "/namespaces/" + object.getName() + "/metrics/" + escape(metric);
        } else {
            GroupResource resource = kinds.resource(object).groupResource();
            path = "/namespaces/" + namespace + "/" + resource + "/" + object.getName() + "/" + escape(metric);
        }
        JsonNode items = items("custom", custom() + path + "?metricLabelSelector=" + escape(series.toString()));
        if (items.isEmpty()) {
            throw none("custom");
        }
        return milli(items.path(0).path("value"));
    }

    @Override
    public List<Long> external(String namespace, String metric, LabelSelector series)
            throws MetricUnavailableException {
        JsonNode items = items(
                "external",
                EXTERNAL + "/namespaces/" + namespace + "/" + escape(metric) + "?labelSelector="
                        + escape(series.toString()));
        if (items.isEmpty()) {
            throw none("external");
        }
        List<Long> values = new ArrayList<>();
        for (JsonNode item : items) {
            values.add(milli(item.path("value")));
        }
        return values;
    }

    /** The version of custom metrics that is served. */
    private String custom() throws MetricUnavailableException {
        JsonNode group = get("custom", CUSTOM);
        return CUSTOM + "/" + group.path("preferredVersion").path("version").asString("v1beta2");
    }

    private JsonNode items(String api, String path) throws MetricUnavailableException {
        return get(api, path).path("items");
    }

    private JsonNode get(String api, String path) throws MetricUnavailableException {
        try {
            return client.get(path);
        } catch (ApiException | ConnectionException e) {
            throw new MetricUnavailableException(
                    "unable to fetch metrics from " + api + " metrics API: " + e.getMessage());
        }
    }

    private static Map<String, Reading> present(String api, Map<String, Reading> readings)
            throws MetricUnavailableException {
        if (readings.isEmpty()) {
            throw none(api);
        }
        return readings;
    }

    private static MetricUnavailableException none(String api) {
        return new MetricUnavailableException("no metrics returned from " + api + " metrics API");
    }

    private static Reading reading(JsonNode item, long milli, Duration window) {
        Optional<Instant> at = Times.parse(item.path("timestamp").asString(""));
        return new Reading(milli, at.orElse(Instant.EPOCH), window);
    }

    private static long milli(JsonNode quantity) throws MetricUnavailableException {
        try {
            return Quantity.parse(quantity.asString("")).milliValue();
        } catch (IllegalArgumentException e) {
            throw new MetricUnavailableException("a metric has no value that can be read: " + e.getMessage());
        }
    }

    /** A duration as Kubernetes writes it: {@code 1m0.5s}. */
    static Duration duration(String text) {
        double seconds = 0;
        Matcher part = PARTS.matcher(text);
        while (part.find()) {
            double unit =
                    switch (part.group(2)) {
                        case "h" -> 3600;
                        case "m" -> 60;
                        case "s" -> 1;
                        case "ms" -> 1e-3;
                        case "us" -> 1e-6;
                        default -> 1e-9;
                    };
            seconds += Double.parseDouble(part.group(1)) * unit;
        }
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }

    /** For a path as well as for a query. */
    private static String escape(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
