package io.mokube.proxy.policy.model;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Map;

/**
 * A network policy.
 *
 * @param pods the pods of its namespace that it is about
 * @param rules what it allows in each direction that it isolates; a direction that it leaves alone is not there
 */
public record PolicyFacts(ObjectKey key, LabelSelector pods, Map<Direction, List<Allowance>> rules) {

    public PolicyFacts {
        rules = Map.copyOf(rules);
    }

    /**
     * What one rule allows: any of the ports with any of the peers.
     *
     * @param peers empty for everybody
     * @param ports empty for all of all protocols
     */
    public record Allowance(List<Peer> peers, List<PortRule> ports) {
        public Allowance {
            peers = List.copyOf(peers);
            ports = List.copyOf(ports);
        }
    }

    /** What it allows in a direction, of those that it isolates. */
    public List<Allowance> allowed(Direction direction) {
        return rules.getOrDefault(direction, List.of());
    }

    /** Whether it isolates pods with these labels in that direction. */
    public boolean isolates(AlikePods.Shape shape, Direction direction) {
        return rules.containsKey(direction)
                && key.namespace().equals(shape.namespace())
                && pods.matches(shape.labels());
    }
}
