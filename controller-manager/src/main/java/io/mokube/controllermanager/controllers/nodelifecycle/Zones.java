package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.Node;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeHealth.Readiness;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The nodes by failure domain. When much of one is gone at once, its network is the likelier culprit than its nodes, and
 * emptying them would do more harm than good. Pure.
 */
final class Zones {

    private static final String REGION = "topology.kubernetes.io/region";
    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final String EXCLUDED = "node.kubernetes.io/exclude-disruption";

    private final Map<String, Zone> zones = new TreeMap<>();

    Zones(Collection<Node> nodes) {
        for (Node node : nodes) {
            Map<String, String> labels = Ownership.labels(node);
            String name = labels.getOrDefault(REGION, "") + "/" + labels.getOrDefault(ZONE, "");
            zones.computeIfAbsent(name, Zone::new).add(node, labels.containsKey(EXCLUDED));
        }
    }

    Collection<Zone> all() {
        return zones.values();
    }

    /** Whether not a single node of the cluster is ready: nothing may be evicted then, there is nowhere to go. */
    boolean everythingIsGone() {
        return !zones.isEmpty() && zones.values().stream().allMatch(Zone::isGone);
    }

    /** One failure domain. */
    static final class Zone {

        /** So few unfit nodes are no sign of a zone in trouble. */
        private static final int FEW = 2;

        private final String name;
        private final List<Node> nodes = new ArrayList<>();
        private int ready;
        private int notReady;

        private Zone(String name) {
            this.name = name;
        }

        private void add(Node node, boolean excluded) {
            nodes.add(node);
            if (excluded) {
                return;
            }
            if (NodeHealth.readiness(node) == Readiness.READY) {
                ready++;
            } else {
                notReady++;
            }
        }

        String name() {
            return name;
        }

        List<Node> nodes() {
            return nodes;
        }

        boolean isGone() {
            return ready == 0 && notReady > 0;
        }

        /** How many nodes may be emptied per second. */
        double evictionsPerSecond(NodeLifecycleConfig config) {
            int size = ready + notReady;
            boolean inTrouble = !isGone() && notReady > FEW && notReady >= config.unhealthyShare() * size;
            if (!inTrouble) {
                return config.evictionsPerSecond();
            }
            return size > config.largeZone() ? config.reducedEvictionsPerSecond() : 0;
        }
    }
}
