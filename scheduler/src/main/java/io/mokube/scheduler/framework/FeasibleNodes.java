package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.NodeInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

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

    /** These nodes. */
    List<NodeInfo> list() {
        return List.of(Arrays.copyOf(nodes, size));
    }

    /** Those that do not have one of these names. */
    FeasibleNodes without(Set<String> names) {
        if (names.isEmpty()) {
            return this;
        }
        FeasibleNodes left = new FeasibleNodes(size);
        for (int i = 0; i < size; i++) {
            if (!names.contains(nodes[i].name())) {
                left.add(nodes[i]);
            }
        }
        return left;
    }

    public int size() {
        return size;
    }

    public NodeInfo get(int index) {
        return nodes[index];
    }
}
