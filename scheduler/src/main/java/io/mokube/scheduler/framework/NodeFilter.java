package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.Snapshot;

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
}
