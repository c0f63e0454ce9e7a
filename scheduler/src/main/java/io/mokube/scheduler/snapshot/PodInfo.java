package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSchedulingGate;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PreferredSchedulingTerm;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What scheduling needs to know of a pod, worked out once when the pod is first seen. It does not keep the pod itself,
 * so that many fit in memory.
 *
 * @param nodeName the node the pod is bound to or assumed on, {@code ""} while it has none
 * @param nominatedNode the node on which room was made for the pod, {@code ""} for none
 * @param createdAt creation time as the API has it; its text order is its time order
 * @param startedAt when the kubelet took the pod over, {@code ""} before
 * @param mayPreempt whether the pod may push others away
 * @param terminating whether the pod is being deleted
 * @param finished whether the pod succeeded or failed, and so takes nothing any more
 * @param hostPorts ports of the node the pod wants
 * @param nodeSelector what {@code spec.nodeSelector} asks for
 * @param requiredNodes the node affinity terms of which one must hold; empty when affinity asks for nothing
 * @param affinities which other pods it wants near
 * @param spread how it and those like it are to be spread
 * @param controller what keeps its replicas, when that is one whose pods are spread by default
 * @param images the image of each of its containers, with the tag under which nodes report it
 * @param gates names of the scheduling gates that still hold the pod back
 * @param claims the storage and devices it has claims on
 * @param requiredFeatures what a node must declare that it can do
 */
public record PodInfo(
        ObjectKey key,
        String uid,
        Map<String, String> labels,
        String schedulerName,
        int priority,
        String nodeName,
        String nominatedNode,
        String createdAt,
        String startedAt,
        boolean mayPreempt,
        boolean terminating,
        boolean finished,
        PodRequests requests,
        List<HostPort> hostPorts,
        List<PodToleration> tolerations,
        Optional<NodeRequirement> nodeSelector,
        Optional<List<NodeRequirement>> requiredNodes,
        List<NodePreference> preferredNodes,
        PodAffinities affinities,
        List<SpreadConstraint> spread,
        Optional<Workloads.Controller> controller,
        List<String> images,
        List<String> gates,
        PodClaims claims,
        Set<String> requiredFeatures) {

    private static final Set<String> SPREAD_OWNERS = Set.of("ReplicaSet", "ReplicationController", "StatefulSet");

    public static PodInfo of(Pod pod) {
        ObjectMeta metadata = pod.getMetadata();
        PodSpec spec = pod.getSpec();
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        Affinity affinity = spec.getAffinity();
        Optional<List<NodeRequirement>> requiredNodes = Optional.empty();
        List<NodePreference> preferredNodes = new ArrayList<>();
        if (affinity != null && affinity.getNodeAffinity() != null) {
            NodeSelector required = affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution();
            if (required != null) {
                requiredNodes = Optional.of(required.getNodeSelectorTerms().stream()
                        .map(NodeRequirement::of)
                        .toList());
            }
            for (PreferredSchedulingTerm term :
                    affinity.getNodeAffinity().getPreferredDuringSchedulingIgnoredDuringExecution()) {
                preferredNodes.add(new NodePreference(NodeRequirement.of(term.getPreference()), term.getWeight()));
            }
        }
        Map<String, String> labels = metadata.getLabels() == null ? Map.of() : Map.copyOf(metadata.getLabels());
        Map<String, String> nodeSelector = spec.getNodeSelector();
        return new PodInfo(
                new ObjectKey(orEmpty(metadata.getNamespace()), metadata.getName()),
                orEmpty(metadata.getUid()),
                labels,
                spec.getSchedulerName() == null ? "default-scheduler" : spec.getSchedulerName(),
                spec.getPriority() == null ? 0 : spec.getPriority(),
                orEmpty(spec.getNodeName()),
                nominatedNode(pod),
                orEmpty(metadata.getCreationTimestamp()),
                pod.getStatus() == null ? "" : orEmpty(pod.getStatus().getStartTime()),
                !"Never".equals(spec.getPreemptionPolicy()),
                metadata.getDeletionTimestamp() != null,
                "Succeeded".equals(phase) || "Failed".equals(phase),
                PodRequests.of(pod),
                hostPorts(spec),
                spec.getTolerations().stream().map(PodToleration::of).toList(),
                nodeSelector == null || nodeSelector.isEmpty()
                        ? Optional.empty()
                        : Optional.of(NodeRequirement.ofLabels(nodeSelector)),
                requiredNodes,
                List.copyOf(preferredNodes),
                PodAffinities.of(affinity, orEmpty(metadata.getNamespace()), labels),
                spec.getTopologySpreadConstraints().stream()
                        .map(constraint -> SpreadConstraint.of(constraint, labels))
                        .toList(),
                controller(metadata),
                images(spec),
                spec.getSchedulingGates().stream()
                        .map(PodSchedulingGate::getName)
                        .toList(),
                PodClaims.of(pod),
                requiredFeatures(spec));
    }

    /** What the pod needs of its node that not every node can do, by the names under which nodes declare it. */
    private static Set<String> requiredFeatures(PodSpec spec) {
        Set<String> features = new HashSet<>();
        if (Boolean.TRUE.equals(spec.getHostNetwork()) && Boolean.FALSE.equals(spec.getHostUsers())) {
            features.add("UserNamespacesHostNetworkSupport");
        }
        if (restartsAll(spec.getContainers()) || restartsAll(spec.getInitContainers())) {
            features.add("RestartAllContainersOnContainerExits");
        }
        return Set.copyOf(features);
    }

    private static boolean restartsAll(List<Container> containers) {
        return containers.stream()
                .flatMap(container -> container.getRestartPolicyRules().stream())
                .anyMatch(rule -> "RestartAllContainers".equals(rule.getAction()));
    }

    private static Optional<Workloads.Controller> controller(ObjectMeta metadata) {
        for (OwnerReference owner : metadata.getOwnerReferences()) {
            if (Boolean.TRUE.equals(owner.getController()) && SPREAD_OWNERS.contains(owner.getKind())) {
                return Optional.of(new Workloads.Controller(
                        owner.getKind(), new ObjectKey(orEmpty(metadata.getNamespace()), owner.getName())));
            }
        }
        return Optional.empty();
    }

    private static List<HostPort> hostPorts(PodSpec spec) {
        List<HostPort> ports = new ArrayList<>();
        for (Container container : spec.getContainers()) {
            addHostPorts(container, ports);
        }
        for (Container container : spec.getInitContainers()) {
            if (PodRequests.isSidecar(container)) {
                addHostPorts(container, ports);
            }
        }
        return List.copyOf(ports);
    }

    private static void addHostPorts(Container container, List<HostPort> ports) {
        for (ContainerPort port : container.getPorts()) {
            if (port.getHostPort() != null && port.getHostPort() > 0) {
                ports.add(HostPort.of(orEmpty(port.getProtocol()), orEmpty(port.getHostIP()), port.getHostPort()));
            }
        }
    }

    private static List<String> images(PodSpec spec) {
        List<String> images = new ArrayList<>();
        spec.getContainers().forEach(container -> images.add(normalizedImage(orEmpty(container.getImage()))));
        spec.getInitContainers().forEach(container -> images.add(normalizedImage(orEmpty(container.getImage()))));
        return List.copyOf(images);
    }

    /** Nodes report images with a tag; a reference without one means {@code latest}. */
    static String normalizedImage(String image) {
        return image.lastIndexOf(':') <= image.lastIndexOf('/') ? image + ":latest" : image;
    }

    /** The node on which room is made for a pod, as its status says; {@code ""} for none. */
    public static String nominatedNode(Pod pod) {
        return pod.getStatus() == null ? "" : orEmpty(pod.getStatus().getNominatedNodeName());
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** This pod, bound or assumed to be bound to a node. */
    public PodInfo onNode(String node) {
        return copy(node, nominatedNode);
    }

    /** This pod, with room made for it on a node. */
    public PodInfo nominatedTo(String node) {
        return copy(nodeName, node);
    }

    private PodInfo copy(String newNodeName, String newNominatedNode) {
        return new PodInfo(
                key,
                uid,
                labels,
                schedulerName,
                priority,
                newNodeName,
                newNominatedNode,
                createdAt,
                startedAt,
                mayPreempt,
                terminating,
                finished,
                requests,
                hostPorts,
                tolerations,
                nodeSelector,
                requiredNodes,
                preferredNodes,
                affinities,
                spread,
                controller,
                images,
                gates,
                claims,
                requiredFeatures);
    }

    /** Whether nodes, whatever else stands on them, are as good for this pod as for another. */
    public boolean asksForTheSameAs(PodInfo other) {
        return priority == other.priority
                && schedulerName.equals(other.schedulerName)
                && key.namespace().equals(other.key.namespace())
                && labels.equals(other.labels)
                && requests.equals(other.requests)
                && hostPorts.equals(other.hostPorts)
                && tolerations.equals(other.tolerations)
                && nodeSelector.equals(other.nodeSelector)
                && requiredNodes.equals(other.requiredNodes)
                && affinities.equals(other.affinities)
                && spread.equals(other.spread)
                && controller.equals(other.controller)
                && claims.equals(other.claims)
                && requiredFeatures.equals(other.requiredFeatures);
    }

    /** Whether the pod, standing on its node, takes the same from it and looks the same to other pods as another. */
    boolean weighsTheSameAs(PodInfo other) {
        return nodeName.equals(other.nodeName)
                && terminating == other.terminating
                && priority == other.priority
                && startedAt.equals(other.startedAt)
                && labels.equals(other.labels)
                && requests.equals(other.requests)
                && hostPorts.equals(other.hostPorts);
    }
}
