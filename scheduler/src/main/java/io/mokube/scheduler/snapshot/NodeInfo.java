package io.mokube.scheduler.snapshot;

import java.util.ArrayList;
import java.util.List;

/**
 * A node and everything that stands on it, summed up. Immutable: placing or removing a pod gives a new value.
 *
 * @param facts the node itself
 * @param pods the pods bound to it or assumed on it, in no particular order
 * @param choosyPods those of them that want other pods near or not
 * @param requested what these pods take together
 * @param scoredMilliCpu their CPU as scoring sees it (see {@link PodRequests})
 * @param scoredMemory their memory as scoring sees it
 * @param usedPorts the node's ports they hold
 * @param nominated pods that wait for room made for them here; they do not stand here yet
 */
public record NodeInfo(
        NodeFacts facts,
        List<PodInfo> pods,
        List<PodInfo> choosyPods,
        Resources requested,
        long scoredMilliCpu,
        long scoredMemory,
        List<HostPort> usedPorts,
        List<PodInfo> nominated) {

    /** A node on which nothing stands. */
    public static NodeInfo empty(NodeFacts facts) {
        return new NodeInfo(facts, List.of(), List.of(), Resources.NONE, 0, 0, List.of(), List.of());
    }

    public String name() {
        return facts.name();
    }

    public NodeInfo withFacts(NodeFacts changed) {
        return new NodeInfo(changed, pods, choosyPods, requested, scoredMilliCpu, scoredMemory, usedPorts, nominated);
    }

    /** This node, kept free for these pods instead of those before. */
    public NodeInfo withNominated(List<PodInfo> waiting) {
        return new NodeInfo(
                facts, pods, choosyPods, requested, scoredMilliCpu, scoredMemory, usedPorts, List.copyOf(waiting));
    }

    public NodeInfo withPod(PodInfo pod) {
        List<PodInfo> more = new ArrayList<>(pods.size() + 1);
        more.addAll(pods);
        more.add(pod);
        List<HostPort> ports = usedPorts;
        if (!pod.hostPorts().isEmpty()) {
            ports = new ArrayList<>(usedPorts);
            ports.addAll(pod.hostPorts());
        }
        List<PodInfo> choosy = choosyPods;
        if (!pod.affinities().isEmpty()) {
            choosy = new ArrayList<>(choosyPods);
            choosy.add(pod);
        }
        PodRequests added = pod.requests();
        return new NodeInfo(
                facts,
                more,
                choosy,
                requested.plus(added.total()),
                scoredMilliCpu + added.scoredMilliCpu(),
                scoredMemory + added.scoredMemory(),
                ports,
                nominated);
    }

    /** This node without the pod of that UID; the same value when it does not stand here. */
    public NodeInfo withoutPod(String uid) {
        int index = 0;
        while (index < pods.size() && !pods.get(index).uid().equals(uid)) {
            index++;
        }
        if (index == pods.size()) {
            return this;
        }
        PodInfo removed = pods.get(index);
        List<PodInfo> fewer = new ArrayList<>(pods);
        fewer.remove(index);
        List<HostPort> ports = usedPorts;
        if (!removed.hostPorts().isEmpty()) {
            ports = new ArrayList<>(usedPorts);
            // One by one: two pods never hold the same port, but be exact when they were forced to.
            removed.hostPorts().forEach(ports::remove);
        }
        List<PodInfo> choosy = choosyPods;
        if (!removed.affinities().isEmpty()) {
            choosy = new ArrayList<>(choosyPods);
            choosy.removeIf(other -> other.uid().equals(uid));
        }
        PodRequests gone = removed.requests();
        return new NodeInfo(
                facts,
                fewer,
                choosy,
                requested.minus(gone.total()),
                scoredMilliCpu - gone.scoredMilliCpu(),
                scoredMemory - gone.scoredMemory(),
                ports,
                nominated);
    }
}
