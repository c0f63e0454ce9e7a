package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One plugin's question to a node, made for one pod. Asked from one thread; allocates nothing when it can avoid it. */
@FunctionalInterface
public interface NodeFilter {

    /** Has nothing against any node; never asked. */
    NodeFilter NONE = node -> Verdict.FITS;

    /** {@link Verdict#FITS} or why not. */
    Verdict check(NodeInfo node);

    /** Whether the answer depends on no other node than the one asked about. */
    default boolean local() {
        return true;
    }

    /** The same question in a cluster that differs in one node; for a local filter it is the same. */
    default NodeFilter in(Snapshot imagined) {
        return this;
    }

    /** The only nodes that can fit, so that no other needs to be asked; null when any may. */
    default @Nullable OnlyNodes onlyNodes() {
        return null;
    }

    /**
     * Nodes outside of which a plugin lets a pod go nowhere (what {@code PreFilter} results are).
     *
     * @param plugin the name of the plugin
     * @param names of nodes that need not exist
     */
    record OnlyNodes(String plugin, Set<String> names) {

        public OnlyNodes {
            names = Set.copyOf(names);
        }
    }

    /** What keeps the pod from every node for one and the same reason; null when it depends on the node. */
    default Verdict.@Nullable Unfit everywhere() {
        return null;
    }

    /** The pod fits nowhere, for a reason that is not a node's ({@code PreFilter} rejects the pod). */
    static NodeFilter nowhere(Verdict.Unfit why) {
        return new NodeFilter() {
            @Override
            public Verdict check(NodeInfo node) {
                return why;
            }

            @Override
            public Verdict.Unfit everywhere() {
                return why;
            }
        };
    }
}
