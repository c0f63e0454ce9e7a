package io.mokube.scheduler;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Pods and nodes for tests, in few words. */
public final class TestPods {

    private TestPods() {}

    /** A pod with one container; {@code requests} reads {@code "cpu=100m,memory=1Gi"}. */
    public static PodBuilder pod(String name, String requests) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .withLabels(Map.of("app", name))
                .endMetadata()
                .withNewSpec()
                .withSchedulerName("default-scheduler")
                .addNewContainer()
                .withName("main")
                .withImage("demo:1")
                .withNewResources()
                .withRequests(quantities(requests))
                .endResources()
                .endContainer()
                .endSpec();
    }

    public static PodInfo info(PodBuilder pod) {
        return PodInfo.of(pod.build());
    }

    public static PodInfo info(String name, String requests) {
        return info(pod(name, requests));
    }

    /** A pod on a node. */
    public static PodInfo placed(String name, String requests, String node) {
        return info(name, requests).onNode(node);
    }

    /** A node; {@code allocatable} reads {@code "cpu=4,memory=8Gi"}, to which 110 pods are added. */
    public static NodeBuilder node(String name, String allocatable) {
        Map<String, Quantity> quantities = quantities(allocatable);
        quantities.putIfAbsent("pods", new Quantity("110"));
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(Map.of("kubernetes.io/hostname", name))
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .withAllocatable(quantities)
                .endStatus();
    }

    public static NodeInfo nodeInfo(NodeBuilder node, PodInfo... pods) {
        NodeInfo info = NodeInfo.empty(NodeFacts.of(node.build()));
        for (PodInfo pod : pods) {
            info = info.withPod(pod);
        }
        return info;
    }

    public static Snapshot snapshot(NodeInfo... nodes) {
        return Snapshot.of(List.of(nodes), Snapshot.Surroundings.NONE);
    }

    public static Map<String, Quantity> quantities(String text) {
        Map<String, Quantity> quantities = new HashMap<>();
        for (String entry : text.split(",")) {
            if (!entry.isEmpty()) {
                String[] parts = entry.split("=", 2);
                quantities.put(parts[0], Quantity.parse(parts[1]));
            }
        }
        return quantities;
    }

    /** The names, for assertions. */
    public static List<String> names(List<NodeInfo> nodes) {
        return nodes.stream().map(NodeInfo::name).toList();
    }

    /** Node and pod as the API has them, for tests that go through it. */
    public static Node built(NodeBuilder node) {
        return node.build();
    }

    public static Pod built(PodBuilder pod) {
        return pod.build();
    }
}
