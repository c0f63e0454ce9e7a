package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.NodeInfo;

/** One plugin's question to a node, made for one pod. Asked from one thread; allocates nothing when it can avoid it. */
@FunctionalInterface
public interface NodeFilter {

    /** Has nothing against any node; never asked. */
    NodeFilter NONE = node -> Verdict.FITS;

    /** {@link Verdict#FITS} or why not. */
    Verdict check(NodeInfo node);
}
