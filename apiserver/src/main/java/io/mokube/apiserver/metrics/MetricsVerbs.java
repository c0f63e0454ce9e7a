package io.mokube.apiserver.metrics;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.metrics.Measured.PodUsage;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.apiserver.verbs.Selections;
import io.mokube.apiserver.verbs.Verb;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * GET of what nodes and pods use, one and many, as metrics-server answers it. Selectors are those of the nodes and pods
 * themselves; who is not measured (yet) is missing.
 */
public final class MetricsVerbs {

    private static final String API_VERSION = "metrics.k8s.io/v1beta1";
    private static final GroupResource NODE_METRICS = new GroupResource("metrics.k8s.io", "nodemetrics");
    private static final GroupResource POD_METRICS = new GroupResource("metrics.k8s.io", "podmetrics");

    private final Backend backend;
    private final NodeScraper scraper;

    private MetricsVerbs(Backend backend, NodeScraper scraper) {
        this.backend = backend;
        this.scraper = scraper;
    }

    /** By the names of the resources with their group, and of the verbs. */
    public static Map<String, Map<String, Verb>> all(Backend backend, NodeScraper scraper) {
        MetricsVerbs verbs = new MetricsVerbs(backend, scraper);
        return Map.of(
                "nodes.metrics.k8s.io", Map.of("get", verbs::getNode, "list", verbs::listNodes),
                "pods.metrics.k8s.io", Map.of("get", verbs::getPod, "list", verbs::listPods));
    }

    private Answer getNode(ApiRequest request, Served served) {
        return get(request, served, "nodes", NODE_METRICS, nodes());
    }

    private Answer getPod(ApiRequest request, Served served) {
        return get(request, served, "pods", POD_METRICS, pods());
    }

    private Answer listNodes(ApiRequest request, Served served) {
        return list(request, served, "nodes", nodes());
    }

    private Answer listPods(ApiRequest request, Served served) {
        return list(request, served, "pods", pods());
    }

    /** What is known of a node or a pod, as an object; nothing when that is nothing. */
    private interface Metrics extends Function<CachedObject, Optional<KubeObject>> {}

    private Answer get(ApiRequest request, Served served, String plural, GroupResource kind, Metrics metrics) {
        ObjectKey key = new ObjectKey(request.info().namespace(), request.info().name());
        ResourceDefinition measured = measured(plural).definition();
        CachedObject object = backend.cache().get(measured.storedAs(), key);
        if (object == null) {
            throw ApiException.notFound(measured.groupResource(), key.name());
        }
        KubeObject found = metrics.apply(object).orElseThrow(() -> ApiException.notFound(kind, key.toString()));
        return new Answer.One(200, served, stored(found));
    }

    private Answer list(ApiRequest request, Served served, String plural, Metrics metrics) {
        Served measured = measured(plural);
        GroupResource resource = measured.definition().storedAs();
        Selection selection =
                Selections.parse(request, measured, backend.cache().of(resource).selectableFields());
        List<CachedObject> found = new ArrayList<>();
        backend.cache().list(resource).objects().scan(selection.firstKey(), each -> {
            if (each.key().compareTo(selection.endKey()) >= 0) {
                return false;
            }
            if (selection.test(each)) {
                metrics.apply(each)
                        .ifPresent(object ->
                                found.add(new CachedObject(each.key(), stored(object), each.labels(), each.fields())));
            }
            return true;
        });
        return new Answer.Many(served, found, 0, "", null);
    }

    private Served measured(String plural) {
        return backend.resources()
                .find(new GroupVersionResource("", "v1", plural))
                .orElseThrow();
    }

    private static StoredObject stored(KubeObject object) {
        return StoredObject.of(object.toBytes(), 0);
    }

    private Metrics nodes() {
        Map<String, Usage> usages = scraper.measured().nodes();
        Instant now = backend.platform().clock().instant();
        return node -> Optional.ofNullable(usages.get(node.key())).map(usage -> {
            KubeObject object = object("NodeMetrics", node, now, usage.at(), usage.window());
            write(usage, object.root());
            return object;
        });
    }

    private Metrics pods() {
        Map<ObjectKey, PodUsage> usages = scraper.measured().pods();
        Instant now = backend.platform().clock().instant();
        return pod -> {
            if (!pod.fields().get("status.phase").equals("Running")) {
                return Optional.empty();
            }
            ObjectKey key = new ObjectKey(
                    pod.fields().get("metadata.namespace"), pod.fields().get("metadata.name"));
            return Optional.ofNullable(usages.get(key)).map(usage -> {
                KubeObject object = object("PodMetrics", pod, now, usage.at(), usage.window());
                ArrayNode containers = object.root().putArray("containers");
                usage.containers().forEach((name, used) -> {
                    ObjectNode container = containers.addObject();
                    container.put("name", name);
                    write(used, container);
                });
                return object;
            });
        };
    }

    private static KubeObject object(String kind, CachedObject of, Instant now, Instant at, Duration window) {
        KubeObject object = KubeObject.of(API_VERSION, kind);
        ObjectNode metadata = object.metadata();
        metadata.put("name", of.fields().get("metadata.name"));
        String namespace = of.fields().get("metadata.namespace");
        if (!namespace.isEmpty()) {
            metadata.put("namespace", namespace);
        }
        metadata.put("creationTimestamp", now.truncatedTo(ChronoUnit.SECONDS).toString());
        if (!of.labels().isEmpty()) {
            ObjectNode labels = metadata.putObject("labels");
            of.labels().forEach(labels::put);
        }
        object.root().put("timestamp", at.truncatedTo(ChronoUnit.SECONDS).toString());
        object.root().put("window", text(window));
        return object;
    }

    private static void write(Usage usage, ObjectNode parent) {
        parent.putObject("usage")
                .put("cpu", new Quantity(BigDecimal.valueOf(usage.nanoCores(), 9)).toString())
                .put("memory", new Quantity(BigDecimal.valueOf(usage.memoryBytes())).toBinaryString());
    }

    /** As Kubernetes writes durations: {@code 15.044s}, {@code 1m0s}. */
    private static String text(Duration window) {
        String seconds = BigDecimal.valueOf(
                        window.minusMinutes(window.toMinutes()).toMillis(), 3)
                .stripTrailingZeros()
                .toPlainString();
        return (window.toMinutes() > 0 ? window.toMinutes() + "m" : "") + seconds + "s";
    }
}
