package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Containers of a new pod get the default requests and limits of their namespace's limit ranges. They, the pod as a whole
 * and volume claims must stay within the bounds, also when a pod is resized.
 */
public final class LimitRanger implements AdmissionPlugin {

    private static final GroupResource RANGES = new GroupResource("", "limitranges");
    private static final String ANNOTATION = "kubernetes.io/limit-ranger";

    private final ClusterReader cluster;

    public LimitRanger(ClusterReader cluster) {
        this.cluster = cluster;
    }

    @Override
    public String name() {
        return "LimitRanger";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        KubeObject pod = request.object();
        if (pod == null || !isAboutPod(request)) {
            return;
        }
        for (KubeObject range : ranges(request.namespace())) {
            List<String> done = new ArrayList<>();
            fill(pod, "containers", "container", range, done);
            fill(pod, "initContainers", "init container", range, done);
            if (!done.isEmpty()) {
                pod.metadata()
                        .withObjectProperty("annotations")
                        .put(ANNOTATION, "LimitRanger plugin set: " + String.join("; ", done));
            }
        }
    }

    private static void fill(KubeObject pod, String list, String word, KubeObject range, List<String> done) {
        for (JsonNode each : pod.at("spec", list)) {
            if (each instanceof ObjectNode container) {
                String name = container.path("name").asString("");
                Set<String> requests = new TreeSet<>();
                Set<String> limits = new TreeSet<>();
                for (JsonNode limit : limits(range, "Container")) {
                    fill(container, "requests", limit.path("defaultRequest"), requests);
                    fill(container, "limits", limit.path("default"), limits);
                }
                if (!requests.isEmpty()) {
                    done.add(String.join(", ", requests) + " request for " + word + " " + name);
                }
                if (!limits.isEmpty()) {
                    done.add(String.join(", ", limits) + " limit for " + word + " " + name);
                }
            }
        }
    }

    private static void fill(ObjectNode container, String kind, JsonNode defaults, Set<String> filled) {
        for (Map.Entry<String, JsonNode> each : defaults.properties()) {
            ObjectNode amounts = container.withObjectProperty("resources").withObjectProperty(kind);
            if (!amounts.has(each.getKey())) {
                amounts.set(each.getKey(), each.getValue());
                filled.add(each.getKey());
            }
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        KubeObject object = request.object();
        if (object == null) {
            return;
        }
        boolean pod = isAboutPod(request);
        boolean claim = request.isFor("", "persistentvolumeclaims") && request.operation() != Operation.DELETE;
        KubeObject old = request.old();
        if (!(pod || claim) || (old != null && old.isBeingDeleted())) {
            return;
        }
        for (KubeObject range : ranges(request.namespace())) {
            List<String> broken = pod
                    ? Stream.concat(
                                    limits(range, "Container").stream()
                                            .flatMap(limit -> LimitBounds.ofContainers(limit, object).stream()),
                                    limits(range, "Pod").stream()
                                            .flatMap(limit -> LimitBounds.ofPod(limit, object).stream()))
                            .distinct()
                            .toList()
                    : limits(range, "PersistentVolumeClaim").stream()
                            .flatMap(limit -> LimitBounds.ofClaim(limit, object).stream())
                            .distinct()
                            .toList();
            if (!broken.isEmpty()) {
                String sentences = broken.size() == 1 ? broken.getFirst() : "[" + String.join(", ", broken) + "]";
                throw ApiException.forbidden(request.resource().groupResource(), object.name(), sentences);
            }
        }
    }

    private static boolean isAboutPod(AdmissionRequest request) {
        boolean created = request.operation() == Operation.CREATE && request.isFor("", "pods");
        boolean resized = request.operation() == Operation.UPDATE
                && request.subresource().equals("resize")
                && request.resource().groupResource().equals(new GroupResource("", "pods"));
        return created || resized;
    }

    /** By name, so that the order never changes. */
    private List<KubeObject> ranges(String namespace) {
        List<KubeObject> ranges = new ArrayList<>(cluster.list(RANGES, namespace));
        ranges.sort(Comparator.comparing(KubeObject::name));
        return ranges;
    }

    private static List<JsonNode> limits(KubeObject range, String type) {
        List<JsonNode> limits = new ArrayList<>();
        for (JsonNode limit : range.at("spec", "limits")) {
            if (limit.path("type").asString("").equals(type)) {
                limits.add(limit);
            }
        }
        return limits;
    }
}
