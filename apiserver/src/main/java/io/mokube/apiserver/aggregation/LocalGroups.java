package io.mokube.apiserver.aggregation;

import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.KubeObject;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** How what this server serves itself is registered: priorities are those of Kubernetes. */
final class LocalGroups {

    static final String MANAGED = "kube-aggregator.kubernetes.io/automanaged";

    private static final int CUSTOM_GROUP = 1000;
    private static final int CUSTOM_VERSION = 100;
    private static final int VERSION = 15;

    private static final Map<String, Integer> GROUPS = Map.ofEntries(
            Map.entry("", 18000),
            Map.entry("apps", 17800),
            Map.entry("events.k8s.io", 17750),
            Map.entry("authentication.k8s.io", 17700),
            Map.entry("authorization.k8s.io", 17600),
            Map.entry("autoscaling", 17500),
            Map.entry("batch", 17400),
            Map.entry("certificates.k8s.io", 17300),
            Map.entry("networking.k8s.io", 17200),
            Map.entry("policy", 17100),
            Map.entry("rbac.authorization.k8s.io", 17000),
            Map.entry("storage.k8s.io", 16800),
            Map.entry("apiextensions.k8s.io", 16700),
            Map.entry("admissionregistration.k8s.io", 16700),
            Map.entry("scheduling.k8s.io", 16600),
            Map.entry("coordination.k8s.io", 16500),
            Map.entry("node.k8s.io", 16300),
            Map.entry("discovery.k8s.io", 16200),
            Map.entry("flowcontrol.apiserver.k8s.io", 16100),
            Map.entry("resource.k8s.io", 15900),
            Map.entry("metrics.k8s.io", 100));

    private LocalGroups() {}

    /** Whether the group has a place of its own; the others are of custom resources. */
    static boolean isBuiltIn(String group) {
        return GROUPS.containsKey(group);
    }

    static int priority(String group) {
        // Registration itself comes first, and is registered nowhere.
        return group.equals("apiregistration.k8s.io") ? 20000 : GROUPS.getOrDefault(group, CUSTOM_GROUP);
    }

    static String name(GroupVersion groupVersion) {
        return groupVersion.version() + "." + groupVersion.group();
    }

    static KubeObject apiService(GroupVersion groupVersion) {
        boolean builtIn = isBuiltIn(groupVersion.group());
        KubeObject service = KubeObject.of("apiregistration.k8s.io/v1", "APIService");
        service.metadata().put("name", name(groupVersion));
        service.metadata().putObject("labels").put(MANAGED, builtIn ? "onstart" : "true");
        ObjectNode spec = service.root().putObject("spec");
        if (!groupVersion.group().isEmpty()) {
            spec.put("group", groupVersion.group());
        }
        spec.put("version", groupVersion.version());
        spec.put("groupPriorityMinimum", priority(groupVersion.group()));
        spec.put("versionPriority", versionPriority(groupVersion, builtIn));
        return service;
    }

    private static int versionPriority(GroupVersion groupVersion, boolean builtIn) {
        if (!builtIn || groupVersion.group().equals("metrics.k8s.io")) {
            return CUSTOM_VERSION;
        } else if (groupVersion.group().isEmpty()) {
            return 1;
        }
        return groupVersion.version().equals("v2") ? 2 * VERSION : VERSION;
    }
}
