package io.mokube.apiserver.cache;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one resource at one revision, sorted by key: a persistent B+ tree. A change copies the few nodes on its
 * path and shares the rest, so that every past state that someone still reads, or that the history keeps, costs little,
 * and a reader never waits for a writer.
 */
public final class SortedObjects {

    public static final SortedObjects EMPTY = new SortedObjects(new Leaf(new CachedObject[0]));

    /** Entries of a leaf, children of a branch. */
    private static final int WIDTH = 64;

    private final Node root;

    private SortedObjects(Node root) {
        this.root = root;
    }

    /** All of these, which are sorted by key already and have no key twice. */
    static SortedObjects ofSorted(List<CachedObject> entries) {
        SortedObjects objects = EMPTY;
        if (entries.isEmpty()) {
            return objects;
        }
        int fill = WIDTH * 3 / 4;
        Node[] level = new Node[(entries.size() + fill - 1) / fill];
        for (int i = 0; i < level.length; i++) {
            int from = i * fill;
            level[i] = new Leaf(
                    entries.subList(from, Math.min(from + fill, entries.size())).toArray(CachedObject[]::new));
        }
        while (level.length > 1) {
            Node[] above = new Node[(level.length + fill - 1) / fill];
            for (int i = 0; i < above.length; i++) {
                int from = i * fill;
                above[i] = new Branch(Arrays.copyOfRange(level, from, Math.min(from + fill, level.length)));
            }
            level = above;
        }
        return new SortedObjects(level[0]);
    }

    public int size() {
        return root.size();
    }

    public @Nullable CachedObject get(String key) {
        return root.get(key);
    }

    /** With this entry in place of what has its key. */
    SortedObjects with(CachedObject entry) {
        Node[] nodes = root.with(entry);
        return new SortedObjects(nodes.length == 1 ? nodes[0] : new Branch(nodes));
    }

    /** Without the entry of this key. */
    SortedObjects without(String key) {
        Node node = root.without(key);
        while (node instanceof Branch branch && branch.children.length == 1) {
            node = branch.children[0];
        }
        return node == null ? EMPTY : node == root ? this : new SortedObjects(node);
    }

    /** How many keys are less than this one. */
    public int countBefore(String key) {
        return root.countBefore(key);
    }

    /** Shows the visitor the entries from this key on, in order, as long as it returns true. */
    public void scan(String from, Predicate<CachedObject> visitor) {
        root.scan(from, visitor);
    }

    private sealed interface Node {

        int size();

        String firstKey();

        @Nullable
        CachedObject get(String key);

        /** One node, or two where one would be too wide. */
        Node[] with(CachedObject entry);

        /** This node when the key is absent, null when nothing is left. */
        @Nullable
        Node without(String key);

        int countBefore(String key);

        boolean scan(String from, Predicate<CachedObject> visitor);
    }

    private record Leaf(CachedObject[] entries) implements Node {

        @Override
        public int size() {
            return entries.length;
        }

        @Override
        public String firstKey() {
            return entries.length == 0 ? "" : entries[0].key();
        }

        @Override
        public @Nullable CachedObject get(String key) {
            int at = indexOf(key);
            return at < 0 ? null : entries[at];
        }

        @Override
        public Node[] with(CachedObject entry) {
            int at = indexOf(entry.key());
            if (at >= 0) {
                CachedObject[] copy = entries.clone();
                copy[at] = entry;
                return new Node[] {new Leaf(copy)};
            }
            int insertion = -at - 1;
            CachedObject[] wider = new CachedObject[entries.length + 1];
            System.arraycopy(entries, 0, wider, 0, insertion);
            wider[insertion] = entry;
            System.arraycopy(entries, insertion, wider, insertion + 1, entries.length - insertion);
            if (wider.length <= WIDTH) {
                return new Node[] {new Leaf(wider)};
            }
            // Keys often come in rising order: a split at the end leaves full leaves behind instead of half-full ones.
            int half = insertion == entries.length ? WIDTH : wider.length / 2;
            return new Node[] {
                new Leaf(Arrays.copyOf(wider, half)), new Leaf(Arrays.copyOfRange(wider, half, wider.length))
            };
        }

        @Override
        public @Nullable Node without(String key) {
            int at = indexOf(key);
            if (at < 0) {
                return this;
            }
            if (entries.length == 1) {
                return null;
            }
            CachedObject[] narrower = new CachedObject[entries.length - 1];
            System.arraycopy(entries, 0, narrower, 0, at);
            System.arraycopy(entries, at + 1, narrower, at, narrower.length - at);
            return new Leaf(narrower);
        }

        @Override
        public int countBefore(String key) {
            int at = indexOf(key);
            return at < 0 ? -at - 1 : at;
        }

        @Override
        public boolean scan(String from, Predicate<CachedObject> visitor) {
            for (int i = countBefore(from); i < entries.length; i++) {
                if (!visitor.test(entries[i])) {
                    return false;
                }
            }
            return true;
        }

        private int indexOf(String key) {
            int low = 0;
            int high = entries.length - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                int order = entries[middle].key().compareTo(key);
                if (order == 0) {
                    return middle;
                }
                if (order < 0) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return -low - 1;
        }
    }

    private static final class Branch implements Node {

        private final Node[] children;
        private final int size;

        Branch(Node[] children) {
            this.children = children;
            int sum = 0;
            for (Node child : children) {
                sum += child.size();
            }
            this.size = sum;
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public String firstKey() {
            return children[0].firstKey();
        }

        @Override
        public @Nullable CachedObject get(String key) {
            return children[childFor(key)].get(key);
        }

        @Override
        public Node[] with(CachedObject entry) {
            int at = childFor(entry.key());
            Node[] replacement = children[at].with(entry);
            if (replacement.length == 1) {
                return new Node[] {withChild(at, replacement[0])};
            }
            Node[] wider = new Node[children.length + 1];
            System.arraycopy(children, 0, wider, 0, at);
            wider[at] = replacement[0];
            wider[at + 1] = replacement[1];
            System.arraycopy(children, at + 1, wider, at + 2, children.length - at - 1);
            if (wider.length <= WIDTH) {
                return new Node[] {new Branch(wider)};
            }
            int half = at == children.length - 1 ? WIDTH : wider.length / 2;
            return new Node[] {
                new Branch(Arrays.copyOf(wider, half)), new Branch(Arrays.copyOfRange(wider, half, wider.length))
            };
        }

        @Override
        public @Nullable Node without(String key) {
            int at = childFor(key);
            Node child = children[at];
            Node left = child.without(key);
            if (left == child) {
                return this;
            }
            if (left == null) {
                return children.length == 1 ? null : withoutChild(at);
            }
            // Keeps the tree from becoming a chain of nearly empty leaves.
            if (at + 1 < children.length
                    && left instanceof Leaf a
                    && children[at + 1] instanceof Leaf b
                    && a.entries.length + b.entries.length <= WIDTH / 2) {
                CachedObject[] joined = Arrays.copyOf(a.entries, a.entries.length + b.entries.length);
                System.arraycopy(b.entries, 0, joined, a.entries.length, b.entries.length);
                return withoutChild(at + 1).withChild(at, new Leaf(joined));
            }
            return withChild(at, left);
        }

        @Override
        public int countBefore(String key) {
            int at = childFor(key);
            int count = children[at].countBefore(key);
            for (int i = 0; i < at; i++) {
                count += children[i].size();
            }
            return count;
        }

        @Override
        public boolean scan(String from, Predicate<CachedObject> visitor) {
            for (int i = childFor(from); i < children.length; i++) {
                if (!children[i].scan(from, visitor)) {
                    return false;
                }
            }
            return true;
        }

        private Branch withChild(int at, Node child) {
            Node[] copy = children.clone();
            copy[at] = child;
            return new Branch(copy);
        }

        private Branch withoutChild(int at) {
            Node[] narrower = new Node[children.length - 1];
            System.arraycopy(children, 0, narrower, 0, at);
            System.arraycopy(children, at + 1, narrower, at, narrower.length - at);
            return new Branch(narrower);
        }

        /** The last child that begins at or before the key; the first one for keys before all. */
        private int childFor(String key) {
            int low = 1;
            int high = children.length - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                if (children[middle].firstKey().compareTo(key) <= 0) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return low - 1;
        }
    }
}
