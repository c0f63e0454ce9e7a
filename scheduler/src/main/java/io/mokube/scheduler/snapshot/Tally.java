package io.mokube.scheduler.snapshot;

import java.util.Map;

/**
 * A question about the whole cluster that is answered by adding up what each node contributes to its topology domains:
 * how many pods of some kind stand in each zone, say. Tallies are values: equal ones ask the same, so that the answer is
 * remembered and only brought up to date for the nodes that changed ({@link Snapshot#sums}).
 */
public interface Tally {

    /**
     * What one node contributes, by topology key. A key with the amount 0 contributes nothing but says that the node's
     * domain is one of those that count; a key that is no label of the node is passed over.
     *
     * @param cluster to look up the labels of namespaces; nothing else of it may be looked at
     */
    Map<String, Integer> of(NodeInfo node, Snapshot cluster);
}
