package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.NodeInfo;

/** The nodes that passed the filters, in the order they were found. Scorers only read it. */
public final class FeasibleNodes {

    private final NodeInfo[] nodes;
    private int size;

    FeasibleNodes(int most) {
        nodes = new NodeInfo[most];
    }

    void add(NodeInfo node) {
        nodes[size++] = node;
    }

    public int size() {
        return size;
    }

    public NodeInfo get(int index) {
        return nodes[index];
    }
}
