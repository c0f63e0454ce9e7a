package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSINodeBuilder;
import io.fabric8.kubernetes.api.model.storage.CSINodeDriver;
import io.fabric8.kubernetes.api.model.storage.CSINodeDriverBuilder;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.kubelet.plugin.PluginHandler;
import io.mokube.kubelet.volume.csi.v1.NodeGetInfoResponse;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * The CSI drivers of this node. Each that comes and goes is told to the cluster: by the node's CSINode, and by labels for
 * the part of the world from which the driver's volumes are reached.
 */
public final class CsiDrivers implements PluginHandler, AutoCloseable {

    /** The type under which drivers register. */
    public static final String TYPE = "CSIPlugin";

    private static final int MOST_CONFLICTS = 5;

    private final ApiClient client;
    private final String node;
    private final Map<String, CsiDriver> drivers = new ConcurrentHashMap<>();

    public CsiDrivers(ApiClient client, String node) {
        this.client = client;
        this.node = node;
    }

    /** The driver of that name, if it is there. */
    Optional<CsiDriver> find(String name) {
        return Optional.ofNullable(drivers.get(name));
    }

    @Override
    public void register(Plugin plugin) {
        if (plugin.versions().stream()
                .noneMatch(version -> version.replaceFirst("^v", "").startsWith("1."))) {
            throw new IllegalArgumentException("no version of CSI that this node speaks: " + plugin.versions());
        }
        CsiDriver driver = new CsiDriver(plugin.name(), plugin.endpoint());
        try {
            label(driver.info().getAccessibleTopology().getSegmentsMap());
            announce(plugin.name(), Optional.of(driver.info()));
        } catch (RuntimeException e) {
            driver.close();
            throw e;
        }
        CsiDriver before = drivers.put(plugin.name(), driver);
        if (before != null) {
            before.close();
        }
    }

    @Override
    public void deregister(String name) {
        CsiDriver gone = drivers.remove(name);
        if (gone != null) {
            gone.close();
        }
        try {
            announce(name, Optional.empty());
        } catch (RuntimeException e) {
            // The next registration of the driver says it anew.
        }
    }

    private void label(Map<String, String> topology) {
        if (!topology.isEmpty()) {
            ObjectNode patch = Json.MAPPER.createObjectNode();
            ObjectNode labels = patch.putObject("metadata").putObject("labels");
            topology.forEach(labels::put);
            client.resource(Node.class).patch(new ObjectKey("", node), PatchKind.STRATEGIC, patch);
        }
    }

    /** Writes the driver into the node's CSINode, or takes it out. */
    private void announce(String name, Optional<NodeGetInfoResponse> info) {
        ResourceClient<CSINode> nodes = client.resource(CSINode.class);
        for (int i = 1; ; i++) {
            try {
                Optional<CSINode> found = nodes.get("", node);
                List<CSINodeDriver> listed = new ArrayList<>(
                        found.map(each -> each.getSpec().getDrivers()).orElse(List.of()));
                List<CSINodeDriver> before = List.copyOf(listed);
                listed.removeIf(each -> each.getName().equals(name));
                info.ifPresent(each -> listed.add(entry(name, each)));
                if (found.isEmpty()) {
                    nodes.create(fresh(listed));
                } else if (!listed.equals(before)) {
                    nodes.update(new CSINodeBuilder(found.get())
                            .editSpec()
                            .withDrivers(listed)
                            .endSpec()
                            .build());
                }
                return;
            } catch (ApiException e) {
                if (i == MOST_CONFLICTS || !(e.isConflict() || e.isAlreadyExists())) {
                    throw e;
                }
            }
        }
    }

    private CSINode fresh(List<CSINodeDriver> listed) {
        Node owner = client.resource(Node.class)
                .get("", node)
                .orElseThrow(() -> new IllegalStateException("node " + node + " is not registered yet"));
        OwnerReference reference = new OwnerReference();
        reference.setApiVersion("v1");
        reference.setKind("Node");
        reference.setName(node);
        reference.setUid(owner.getMetadata().getUid());
        return new CSINodeBuilder()
                .withNewMetadata()
                .withName(node)
                .withOwnerReferences(reference)
                .endMetadata()
                .withNewSpec()
                .withDrivers(listed)
                .endSpec()
                .build();
    }

    private static CSINodeDriver entry(String name, NodeGetInfoResponse info) {
        CSINodeDriverBuilder entry = new CSINodeDriverBuilder()
                .withName(name)
                .withNodeID(info.getNodeId())
                .withTopologyKeys(info.getAccessibleTopology().getSegmentsMap().keySet().stream()
                        .sorted()
                        .toList());
        if (info.getMaxVolumesPerNode() > 0) {
            entry.withNewAllocatable()
                    .withCount(Math.toIntExact(info.getMaxVolumesPerNode()))
                    .endAllocatable();
        }
        return entry.build();
    }

    @Override
    public void close() {
        drivers.values().forEach(CsiDriver::close);
    }
}
