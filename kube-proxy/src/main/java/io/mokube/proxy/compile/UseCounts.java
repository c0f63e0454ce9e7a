package io.mokube.proxy.compile;

import org.jspecify.annotations.Nullable;

/** How many services use something, such as a chain that they share. */
final class UseCounts<K> {

    private final SharedMap.Editor<K, Integer> counts;

    UseCounts(SharedMap<K, Integer> before) {
        counts = before.edit();
    }

    int get(K used) {
        @Nullable Integer count = counts.get(used);
        return count == null ? 0 : count;
    }

    void add(K used) {
        counts.put(used, get(used) + 1);
    }

    void remove(K used) {
        int left = get(used) - 1;
        if (left == 0) {
            counts.remove(used);
        } else {
            counts.put(used, left);
        }
    }

    SharedMap<K, Integer> done() {
        return counts.done();
    }
}
