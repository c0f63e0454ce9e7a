package io.mokube.apiserver.resources.strategy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The defaults of a pod's spec, wherever it stands: in a pod or in a template. */
final class PodSpecDefaults {

    private static final int DEFAULT_FILE_MODE = 0644;
    private static final List<String> CONTAINER_LISTS = List.of("initContainers", "containers", "ephemeralContainers");

    private PodSpecDefaults() {}

    /** Defaults of the template in a workload's spec. */
    static void applyToTemplate(ObjectNode workloadSpec) {
        if (workloadSpec.get("template") instanceof ObjectNode template) {
            Tree.child(template, "metadata");
            apply(Tree.child(template, "spec"));
        }
    }

    static void apply(ObjectNode spec) {
        Tree.orElse(spec, "restartPolicy", "Always");
        Tree.orElse(spec, "dnsPolicy", "ClusterFirst");
        Tree.orElse(spec, "schedulerName", "default-scheduler");
        Tree.orElse(spec, "terminationGracePeriodSeconds", 30);
        Tree.child(spec, "securityContext");
        serviceAccount(spec);
        boolean hostNetwork = spec.path("hostNetwork").asBoolean(false);
        for (String list : CONTAINER_LISTS) {
            for (ObjectNode container : Tree.items(spec, list)) {
                container(container, hostNetwork);
            }
        }
        for (ObjectNode volume : Tree.items(spec, "volumes")) {
            volume(volume);
        }
    }

    /** The deprecated field and its successor always say the same. */
    private static void serviceAccount(ObjectNode spec) {
        String name = Tree.text(spec, "serviceAccountName");
        String deprecated = Tree.text(spec, "serviceAccount");
        if (!name.isEmpty()) {
            spec.put("serviceAccount", name);
        } else if (!deprecated.isEmpty()) {
            spec.put("serviceAccountName", deprecated);
        }
    }

    private static void container(ObjectNode container, boolean hostNetwork) {
        Tree.orElse(container, "terminationMessagePath", "/dev/termination-log");
        Tree.orElse(container, "terminationMessagePolicy", "File");
        Tree.orElse(container, "imagePullPolicy", pullPolicy(Tree.text(container, "image")));
        Tree.child(container, "resources");
        for (ObjectNode port : Tree.items(container, "ports")) {
            Tree.orElse(port, "protocol", "TCP");
            if (hostNetwork && port.path("hostPort").asInt(0) == 0) {
                port.put("hostPort", port.path("containerPort").asInt(0));
            }
        }
        for (ObjectNode variable : Tree.items(container, "env")) {
            fieldReference(variable.path("valueFrom"));
        }
        for (String probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
            if (container.get(probe) instanceof ObjectNode object) {
                probe(object);
            }
        }
        for (String hook : List.of("postStart", "preStop")) {
            httpGet(container.path("lifecycle").path(hook));
        }
    }

    /** Always for an image without a tag or with {@code latest}, because such a name is expected to move. */
    private static String pullPolicy(String image) {
        int digest = image.indexOf('@');
        if (digest >= 0 || image.isEmpty()) {
            return "IfNotPresent";
        }
        int tag = image.indexOf(':', image.lastIndexOf('/') + 1);
        return tag < 0 || image.substring(tag + 1).equals("latest") ? "Always" : "IfNotPresent";
    }

    private static void probe(ObjectNode probe) {
        Tree.orElseUnlessPositive(probe, "timeoutSeconds", 1);
        Tree.orElseUnlessPositive(probe, "periodSeconds", 10);
        Tree.orElseUnlessPositive(probe, "successThreshold", 1);
        Tree.orElseUnlessPositive(probe, "failureThreshold", 3);
        httpGet(probe);
        if (probe.get("grpc") instanceof ObjectNode grpc && !grpc.has("service")) {
            grpc.put("service", "");
        }
    }

    private static void httpGet(JsonNode handler) {
        if (handler.get("httpGet") instanceof ObjectNode request) {
            Tree.orElse(request, "path", "/");
            Tree.orElse(request, "scheme", "HTTP");
        }
    }

    private static void fieldReference(JsonNode holder) {
        if (holder.get("fieldRef") instanceof ObjectNode reference) {
            Tree.orElse(reference, "apiVersion", "v1");
        }
    }

    private static void volume(ObjectNode volume) {
        if (volume.size() == 1 && volume.has("name")) {
            volume.putObject("emptyDir");
        }
        for (Map.Entry<String, JsonNode> source : volume.properties()) {
            if (source.getValue() instanceof ObjectNode object) {
                volumeSource(source.getKey(), object);
            }
        }
    }

    private static void volumeSource(String type, ObjectNode source) {
        if (Set.of("secret", "configMap", "downwardAPI", "projected").contains(type)) {
            Tree.orElse(source, "defaultMode", DEFAULT_FILE_MODE);
        }
        switch (type) {
            case "downwardAPI" -> Tree.items(source, "items").forEach(PodSpecDefaults::fieldReference);
            case "projected" -> {
                for (ObjectNode part : Tree.items(source, "sources")) {
                    Tree.items(part.path("downwardAPI"), "items").forEach(PodSpecDefaults::fieldReference);
                    if (part.get("serviceAccountToken") instanceof ObjectNode token) {
                        Tree.orElse(token, "expirationSeconds", 3600);
                    }
                }
            }
            case "hostPath" -> {
                if (!source.has("type")) {
                    source.put("type", "");
                }
            }
            case "ephemeral" -> {
                if (source.path("volumeClaimTemplate").get("spec") instanceof ObjectNode claim) {
                    Tree.orElse(claim, "volumeMode", "Filesystem");
                }
            }
            case "image" -> Tree.orElse(source, "pullPolicy", pullPolicy(Tree.text(source, "reference")));
            case "iscsi" -> Tree.orElse(source, "iscsiInterface", "default");
            case "rbd" -> {
                Tree.orElse(source, "pool", "rbd");
                Tree.orElse(source, "user", "admin");
                Tree.orElse(source, "keyring", "/etc/ceph/keyring");
            }
            default -> {}
        }
    }
}
