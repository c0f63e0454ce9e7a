package io.mokube.kubelet.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.mokube.kubelet.KubeletConfig;
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

    NodeStatuses(KubeletConfig config, Machine machine) {
        this.config = config;
        this.machine = machine;
    }

    /**
     * A look at the node.
     *
     * @param runtime whether the runtime can take pods
     * @param version the runtime's
     * @param serverPort where the node's HTTPS server listens
     * @param synced whether the agent knows its pods
     * @param availableMemory in bytes
     * @param diskTotal of the file system that holds the agent's folder, in bytes
     * @param pidsInUse and pidsAllowed on the whole machine
     */
    public record Snapshot(
            RuntimeStatus runtime,
            RuntimeVersion version,
            List<Image> images,
            int serverPort,
            boolean synced,
            long availableMemory,
            long diskTotal,
            long diskFree,
            long pidsInUse,
            long pidsAllowed) {}

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
        if (!config.podCidr().isEmpty()) {
            node.editSpec()
                    .withPodCIDR(config.podCidr())
                    .withPodCIDRs(config.podCidr())
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
        addresses.addObject().put("type", "InternalIP").put("address", config.address());
        addresses.addObject().put("type", "Hostname").put("address", config.nodeName());
        amounts(status.putObject("capacity"), snapshot);
        amounts(status.putObject("allocatable"), snapshot);
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

    private void amounts(ObjectNode amounts, Snapshot snapshot) {
        KubeletConfig.Resources resources = config.resources();
        String machineCpu =
                machine.cpuMillis() % 1000 == 0 ? Long.toString(machine.cpuMillis() / 1000) : machine.cpuMillis() + "m";
        amounts.put("cpu", resources.cpu().orElse(machineCpu));
        amounts.put("memory", resources.memory().orElseGet(() -> machine.memoryBytes() / 1024 + "Ki"));
        amounts.put("ephemeral-storage", resources.storage().orElseGet(() -> snapshot.diskTotal() / 1024 + "Ki"));
        amounts.put("hugepages-1Gi", "0");
        amounts.put("hugepages-2Mi", "0");
        amounts.put("pods", Integer.toString(resources.pods()));
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

    private static final long LEAST_FREE_MEMORY = 100L << 20;

    private static void conditions(ArrayNode list, Snapshot now, @Nullable JsonNode last, Instant time) {
        boolean memory = now.availableMemory() > 0 && now.availableMemory() < LEAST_FREE_MEMORY;
        boolean disk = now.diskTotal() > 0 && now.diskFree() < now.diskTotal() / 20;
        boolean pids = now.pidsAllowed() > 0 && now.pidsInUse() > now.pidsAllowed() * 9 / 10;
        condition(
                list,
                last,
                time,
                "MemoryPressure",
                memory,
                memory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
                memory ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available");
        condition(
                list,
                last,
                time,
                "DiskPressure",
                disk,
                disk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
                disk ? "kubelet has disk pressure" : "kubelet has no disk pressure");
        condition(
                list,
                last,
                time,
                "PIDPressure",
                pids,
                pids ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
                pids ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available");
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
