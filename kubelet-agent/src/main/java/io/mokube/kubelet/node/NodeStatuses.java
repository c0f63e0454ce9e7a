package io.mokube.kubelet.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.policy.Threshold.Pressure;
import io.mokube.kubelet.resources.NodeAmounts;
import io.mokube.kubelet.resources.NodeAmounts.Amounts;
import io.mokube.kubelet.runtime.ContainerRuntime.RuntimeStatus;
import io.mokube.kubelet.runtime.ContainerRuntime.RuntimeVersion;
import io.mokube.kubelet.runtime.Image;
import io.mokube.machinery.component.Release;
import io.mokube.machinery.object.Json;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Says how a node is, in Kubernetes' words. Pure: what it looks at is given to it. */
public final class NodeStatuses {

    private static final int MOST_IMAGES = 50;

    private final KubeletConfig config;
    private final Machine machine;
    private final NodeAmounts amounts;

    NodeStatuses(KubeletConfig config, Machine machine, NodeAmounts amounts) {
        this.config = config;
        this.machine = machine;
        this.amounts = amounts;
    }

    /**
     * A look at the node.
     *
     * @param runtime whether the runtime can take pods
     * @param version the runtime's
     * @param serverPort where the node's HTTPS server listens
     * @param synced whether the agent knows its pods
     * @param pressures what the node is short of
     * @param shuttingDown whether its pods are being ended because it ends
     */
    public record Snapshot(
            RuntimeStatus runtime,
            RuntimeVersion version,
            List<Image> images,
            int serverPort,
            boolean synced,
            Set<Pressure> pressures,
            boolean shuttingDown) {}

    Map<String, String> labels() {
        Map<String, String> labels = new TreeMap<>(config.labels());
        labels.put("kubernetes.io/hostname", config.nodeName());
        labels.put("kubernetes.io/os", "linux");
        labels.put("kubernetes.io/arch", machine.architecture());
        labels.put("beta.kubernetes.io/os", "linux");
        labels.put("beta.kubernetes.io/arch", machine.architecture());
        return labels;
    }

    /** Volumes are attached to the node by their controller, not by the agent. */
    Map<String, String> annotations() {
        return Map.of("volumes.kubernetes.io/controller-managed-attach-detach", "true");
    }

    Node newNode(Snapshot snapshot, Instant now) {
        NodeBuilder node = new NodeBuilder()
                .withNewMetadata()
                .withName(config.nodeName())
                .withLabels(labels())
                .withAnnotations(annotations())
                .endMetadata()
                .withNewSpec()
                .withTaints(config.taints().stream().map(NodeStatuses::taint).toList())
                .endSpec()
                .withStatus(Json.MAPPER.treeToValue(status(snapshot, null, now), NodeStatus.class));
        if (!config.podCidrs().isEmpty()) {
            node.editSpec()
                    .withPodCIDR(config.podCidrs().getFirst())
                    .withPodCIDRs(config.podCidrs())
                    .endSpec();
        }
        return node.build();
    }

    /** Reads {@code key=value:Effect}; the value may be left out. */
    private static Taint taint(String text) {
        int colon = text.lastIndexOf(':');
        String name = text.substring(0, colon);
        int equals = name.indexOf('=');
        return new TaintBuilder()
                .withKey(equals < 0 ? name : name.substring(0, equals))
                .withValue(equals < 0 ? null : name.substring(equals + 1))
                .withEffect(text.substring(colon + 1))
                .build();
    }

    /**
     * The status of the node.
     *
     * @param last the status before, whose conditions' times are kept where nothing changed
     */
    JsonNode status(Snapshot snapshot, @Nullable JsonNode last, Instant now) {
        ObjectNode status = Json.MAPPER.createObjectNode();
        ArrayNode addresses = status.putArray("addresses");
        config.addresses()
                .forEach(each -> addresses.addObject().put("type", "InternalIP").put("address", each));
        addresses.addObject().put("type", "Hostname").put("address", config.nodeName());
        ObjectNode capacity = status.putObject("capacity");
        capacity(capacity);
        status.set("allocatable", allocatable(capacity));
        conditions(status.putArray("conditions"), snapshot, last, now);
        ObjectNode endpoint = status.putObject("daemonEndpoints").putObject("kubeletEndpoint");
        endpoint.put("Port", snapshot.serverPort());
        status.putObject("nodeInfo")
                .put("machineID", machine.machineId())
                .put("systemUUID", machine.systemUuid())
                .put("bootID", machine.bootId())
                .put("kernelVersion", machine.kernelVersion())
                .put("osImage", machine.osImage())
                .put("containerRuntimeVersion", snapshot.version().url())
                .put("kubeletVersion", Release.GIT_VERSION)
                .put("kubeProxyVersion", "")
                .put("operatingSystem", "linux")
                .put("architecture", machine.architecture());
        images(status.putArray("images"), snapshot.images());
        return status;
    }

    private void capacity(ObjectNode capacity) {
        KubeletConfig.Resources resources = config.resources();
        Amounts all = amounts.capacity();
        capacity.put("cpu", resources.cpu().orElse(cpu(all.cpuMillis())));
        capacity.put("memory", resources.memory().orElseGet(() -> kibibytes(all.memoryBytes())));
        capacity.put("ephemeral-storage", resources.storage().orElseGet(() -> kibibytes(all.storageBytes())));
        capacity.put("hugepages-1Gi", "0");
        capacity.put("hugepages-2Mi", "0");
        machine.hugePages().forEach((size, bytes) -> capacity.put("hugepages-" + size, Long.toString(bytes)));
        capacity.put("pods", Integer.toString(config.policy().maxPods().orElse(resources.pods())));
    }

    /** What is left of the capacity for pods; said in the same words where that is all. */
    private ObjectNode allocatable(ObjectNode capacity) {
        ObjectNode allocatable = capacity.deepCopy();
        Amounts all = amounts.capacity();
        Amounts rest = amounts.allocatable();
        if (rest.cpuMillis() != all.cpuMillis()) {
            allocatable.put("cpu", cpu(rest.cpuMillis()));
        }
        if (rest.memoryBytes() != all.memoryBytes()) {
            allocatable.put("memory", kibibytes(rest.memoryBytes()));
        }
        if (rest.storageBytes() != all.storageBytes()) {
            allocatable.put("ephemeral-storage", Long.toString(rest.storageBytes()));
        }
        return allocatable;
    }

    private static String cpu(long millis) {
        return millis % 1000 == 0 ? Long.toString(millis / 1000) : millis + "m";
    }

    private static String kibibytes(long bytes) {
        return bytes / 1024 + "Ki";
    }

    private static void images(ArrayNode list, List<Image> images) {
        List<Image> largest = new ArrayList<>(images);
        largest.sort(Comparator.comparingLong(Image::sizeBytes).reversed().thenComparing(Image::id));
        for (Image image : largest.subList(0, Math.min(MOST_IMAGES, largest.size()))) {
            ObjectNode entry = list.addObject();
            ArrayNode names = entry.putArray("names");
            image.digests().forEach(names::add);
            image.tags().forEach(names::add);
            entry.put("sizeBytes", image.sizeBytes());
        }
    }

    // ---- conditions

    private static void conditions(ArrayNode list, Snapshot now, @Nullable JsonNode last, Instant time) {
        for (Pressure pressure : Pressure.values()) {
            boolean holds = now.pressures().contains(pressure);
            condition(list, last, time, pressure.type(), holds, pressure.reason(holds), pressure.message(holds));
        }
        String complaint = complaint(now);
        condition(
                list,
                last,
                time,
                "Ready",
                complaint.isEmpty(),
                complaint.isEmpty() ? "KubeletReady" : "KubeletNotReady",
                complaint.isEmpty() ? "kubelet is posting ready status" : complaint);
    }

    private static String complaint(Snapshot now) {
        if (!now.runtime().ready()) {
            return "container runtime is down"
                    + (now.runtime().message().isEmpty()
                            ? ""
                            : ": " + now.runtime().message());
        }
        if (!now.runtime().networkReady()) {
            return "container runtime network not ready: " + now.runtime().message();
        }
        if (now.shuttingDown()) {
            return "node is shutting down";
        }
        return now.synced() ? "" : "the agent does not know its pods yet";
    }

    private static void condition(
            ArrayNode list,
            @Nullable JsonNode last,
            Instant now,
            String type,
            boolean holds,
            String reason,
            String message) {
        String value = holds ? "True" : "False";
        String time = now.truncatedTo(ChronoUnit.SECONDS).toString();
        String since = time;
        if (last != null) {
            for (JsonNode before : last.path("conditions")) {
                if (before.path("type").asString("").equals(type)
                        && before.path("status").asString("").equals(value)) {
                    since = before.path("lastTransitionTime").asString(time);
                }
            }
        }
        list.addObject()
                .put("type", type)
                .put("status", value)
                .put("lastHeartbeatTime", time)
                .put("lastTransitionTime", since)
                .put("reason", reason)
                .put("message", message);
    }

    /** The status without the times that change with every look. */
    JsonNode withoutHeartbeats(JsonNode status) {
        JsonNode copy = status.deepCopy();
        for (JsonNode condition : copy.path("conditions")) {
            ((ObjectNode) condition).remove("lastHeartbeatTime");
        }
        return copy;
    }
}
