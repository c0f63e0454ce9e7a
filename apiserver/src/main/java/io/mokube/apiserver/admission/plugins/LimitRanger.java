package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Containers of a new pod get the default requests and limits of their namespace's limit ranges and must stay within the
 * bounds. Ranges for volume claims are checked too.
 */
public final class LimitRanger implements AdmissionPlugin {

    private static final GroupResource RANGES = new GroupResource("", "limitranges");
    private static final List<String> CONTAINERS = List.of("containers", "initContainers");

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
        if (pod == null || request.operation() != Operation.CREATE || !request.isFor("", "pods")) {
            return;
        }
        for (JsonNode limit : limits(request.namespace(), "Container")) {
            for (String list : CONTAINERS) {
                for (JsonNode container : pod.at("spec", list)) {
                    if (container instanceof ObjectNode object) {
                        fill(object, "limits", limit.path("default"));
                        fill(object, "requests", limit.path("defaultRequest"));
                    }
                }
            }
        }
    }

    private static void fill(ObjectNode container, String kind, JsonNode defaults) {
        for (Map.Entry<String, JsonNode> each : defaults.properties()) {
            ObjectNode resources = child(container, "resources");
            if (!resources.path(kind).has(each.getKey())) {
                child(resources, kind).set(each.getKey(), each.getValue());
            }
        }
    }

    private static ObjectNode child(ObjectNode parent, String field) {
        return parent.get(field) instanceof ObjectNode object ? object : parent.putObject(field);
    }

    @Override
    public void validate(AdmissionRequest request) {
        KubeObject object = request.object();
        if (object == null || request.operation() != Operation.CREATE) {
            return;
        }
        List<String> broken = new ArrayList<>();
        if (request.isFor("", "pods")) {
            for (JsonNode limit : limits(request.namespace(), "Container")) {
                for (String list : CONTAINERS) {
                    for (JsonNode container : object.at("spec", list)) {
                        check(limit, container.path("resources"), "Container", broken);
                    }
                }
            }
        } else if (request.isFor("", "persistentvolumeclaims")) {
            for (JsonNode limit : limits(request.namespace(), "PersistentVolumeClaim")) {
                check(limit, object.at("spec", "resources"), "PersistentVolumeClaim", broken);
            }
        }
        if (!broken.isEmpty()) {
            String sentences = broken.size() == 1 ? broken.getFirst() : "[" + String.join(", ", broken) + "]";
            throw ApiException.forbidden(request.resource().groupResource(), object.name(), sentences);
        }
    }

    private static void check(JsonNode limit, JsonNode resources, String type, List<String> broken) {
        for (Map.Entry<String, JsonNode> min : limit.path("min").properties()) {
            String name = min.getKey();
            Quantity bound = amount(min.getValue());
            JsonNode request = resources.path("requests").path(name);
            if (!request.isString()) {
                broken.add("minimum " + name + " usage per " + type + " is "
                        + min.getValue().asString("") + ".  No request is specified");
            } else if (amount(request).compareTo(bound) < 0) {
                broken.add("minimum " + name + " usage per " + type + " is "
                        + min.getValue().asString("") + ", but request is " + request.stringValue());
            }
        }
        for (Map.Entry<String, JsonNode> max : limit.path("max").properties()) {
            String name = max.getKey();
            Quantity bound = amount(max.getValue());
            boolean isClaim = type.equals("PersistentVolumeClaim");
            JsonNode limited = resources.path(isClaim ? "requests" : "limits").path(name);
            String word = isClaim ? "request" : "limit";
            if (!limited.isString()) {
                broken.add("maximum " + name + " usage per " + type + " is "
                        + max.getValue().asString("") + ".  No " + word + " is specified");
            } else if (amount(limited).compareTo(bound) > 0) {
                broken.add("maximum " + name + " usage per " + type + " is "
                        + max.getValue().asString("") + ", but " + word + " is " + limited.stringValue());
            }
        }
        for (Map.Entry<String, JsonNode> ratio :
                limit.path("maxLimitRequestRatio").properties()) {
            String name = ratio.getKey();
            Quantity request = amount(resources.path("requests").path(name));
            Quantity most = amount(resources.path("limits").path(name));
            Quantity allowed = new Quantity(
                    request.amount().multiply(amount(ratio.getValue()).amount()));
            if (request.compareTo(Quantity.ZERO) == 0 || most.compareTo(allowed) > 0) {
                broken.add(name + " max limit to request ratio per " + type + " is "
                        + ratio.getValue().asString("") + ", but it is exceeded or no request or limit is specified");
            }
        }
    }

    private static Quantity amount(JsonNode value) {
        return value.isString() ? Quantity.parse(value.stringValue()) : Quantity.ZERO;
    }

    /** The ranges of this type in a namespace, by the names of their objects, so that the order never changes. */
    private List<JsonNode> limits(String namespace, String type) {
        List<KubeObject> ranges = new ArrayList<>(cluster.list(RANGES, namespace));
        ranges.sort(Comparator.comparing(KubeObject::name));
        List<JsonNode> limits = new ArrayList<>();
        for (KubeObject range : ranges) {
            for (JsonNode limit : range.at("spec", "limits")) {
                if (limit.path("type").asString("").equals(type)) {
                    limits.add(limit);
                }
            }
        }
        return limits;
    }
}
