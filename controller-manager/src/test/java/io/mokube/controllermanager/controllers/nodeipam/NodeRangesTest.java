package io.mokube.controllermanager.controllers.nodeipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.mokube.machinery.address.Cidr;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class NodeRangesTest {

    private static final NodeIpamConfig FOUR = config("10.244.0.0/22");

    @Test
    void nodesGetTheNextFreeRange() {
        NodeRanges ranges = new NodeRanges(FOUR);
        Node other = node("other", "10.244.1.0/24");
        List<Node> shown = List.of(other, node("a"), node("b"));
        assertThat(give(ranges, "a", shown)).isEqualTo("10.244.0.0/24");
        assertThat(give(ranges, "b", shown)).isEqualTo("10.244.2.0/24");
    }

    @Test
    void askedAgainANodeGetsTheSame() {
        NodeRanges ranges = new NodeRanges(FOUR);
        List<Node> shown = List.of(node("a"), node("b"));
        assertThat(give(ranges, "a", shown)).isEqualTo("10.244.0.0/24");
        assertThat(give(ranges, "a", shown)).isEqualTo("10.244.0.0/24");
        ranges.forget("a");
        assertThat(give(ranges, "b", shown)).isEqualTo("10.244.1.0/24");
    }

    @Test
    void whatNodesAndServicesHaveIsTakenWhateverItsSize() {
        NodeRanges ranges = new NodeRanges(
                new NodeIpamConfig(FOUR.ranges(), List.of("10.244.2.0/23", "192.168.0.0/16", "fd00::/8")));
        Node small = node("small", "10.244.0.128/25");
        List<Node> shown = List.of(small, node("strange", "nonsense"), node("a"), node("b"));
        assertThat(give(ranges, "a", shown)).isEqualTo("10.244.1.0/24");
        assertThat(give(ranges, "b", shown)).isEqualTo("none");
        assertThat(give(new NodeRanges(FOUR), "a", List.of(node("a"), node("all", "10.0.0.0/8"))))
                .isEqualTo("none");
    }

    @Test
    void freedRangesComeLast() {
        NodeRanges ranges = new NodeRanges(FOUR);
        assertThat(give(ranges, "a", List.of(node("a")))).isEqualTo("10.244.0.0/24");
        for (int i = 1; i < 4; i++) {
            assertThat(give(ranges, "n" + i, List.of(node("n" + i)))).isEqualTo("10.244." + i + ".0/24");
        }
        assertThat(give(ranges, "last", List.of(node("last")))).isEqualTo("10.244.0.0/24");
    }

    @Test
    void eachFamilyHasARange() {
        NodeRanges ranges = new NodeRanges(new NodeIpamConfig(
                List.of(NodeIpamConfig.Range.of("10.244.0.0/16"), NodeIpamConfig.Range.of("fd00::/48")), List.of()));
        List<Node> shown = List.of(node("other", "10.244.0.0/24", "fd00::/64"), node("a"));
        assertThat(ranges.give(shown.getLast(), shown))
                .hasValueSatisfying(given -> assertThat(given)
                        .extracting(Cidr::toString)
                        .containsExactly("10.244.1.0/24", "fd00:0:0:1::/64"));
    }

    @Test
    void aConfigurationThatCanNotWorkIsRefused() {
        assertThatThrownBy(() -> new NodeIpamConfig.Range("10.244.0.0", 24))
                .hasMessage("the cluster CIDR 10.244.0.0 is no CIDR");
        assertThatThrownBy(() -> new NodeIpamConfig.Range("10.244.0.0/16", 8))
                .hasMessage("the mask size 8 of nodes must lie between that of the cluster CIDR 10.244.0.0/16 and 32");
        assertThatThrownBy(() -> new NodeIpamConfig.Range("fd00::/32", 64))
                .hasMessage("the cluster CIDR fd00::/32 has more than 65536 parts with the mask size 64");
        NodeIpamConfig.Range range = NodeIpamConfig.Range.of("10.244.0.0/16");
        assertThatThrownBy(() -> new NodeIpamConfig(List.of(range, range), List.of()))
                .hasMessage("only one cluster CIDR of each address family is possible");
        assertThatThrownBy(() -> new NodeIpamConfig(List.of(range), List.of("nowhere")))
                .hasMessage("nowhere is no CIDR");
    }

    /**
     * Nodes come and go, the nodes that are shown lag behind, answers are lost, the controller
     * starts anew. No two nodes that live ever have the same range, and when all is quiet every node has one as long as
     * there are any.
     */
    @Property(tries = 100)
    void noTwoNodesHaveTheSameRange(@ForAll long seed) {
        Random random = new Random(seed);
        NodeIpamConfig config = config("10.244.0.0/20");
        Map<String, Node> server = new HashMap<>();
        Map<String, Node> cache = new HashMap<>();
        NodeRanges ranges = new NodeRanges(config);
        int names = 0;
        for (int step = 0; step < 300; step++) {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> {
                    String name = "node-" + names++;
                    server.put(name, node(name));
                }
                case 3 -> any(random, server).ifPresent(node -> server.remove(name(node)));
                case 4 -> { // a restart begins with all there is
                    ranges = new NodeRanges(config);
                    cache = new HashMap<>(server);
                }
                case 5, 6 -> { // the cache catches up with one node
                    Optional<Node> changed = any(random, random.nextBoolean() ? server : cache);
                    if (changed.isPresent()) {
                        catchUp(cache, server, name(changed.get()));
                    }
                }
                default -> reconcile(random, ranges, any(random, cache), cache, server);
            }
            check(server, seed);
        }
        for (String name : Set.copyOf(cache.keySet())) {
            catchUp(cache, server, name);
        }
        for (String name : server.keySet()) {
            catchUp(cache, server, name);
        }
        for (int round = 0; round < 2; round++) {
            for (Node node : List.copyOf(cache.values())) {
                reconcile(new Random(0), ranges, Optional.of(node), cache, server);
                catchUp(cache, server, name(node));
            }
        }
        check(server, seed);
        long without = server.values().stream()
                .filter(node -> NodeRanges.of(node).isEmpty())
                .count();
        assertThat(without).isEqualTo(Math.max(0, server.size() - 16));
    }

    private static void reconcile(
            Random random, NodeRanges ranges, Optional<Node> found, Map<String, Node> cache, Map<String, Node> server) {
        if (found.isEmpty()) {
            return;
        }
        Node node = found.get();
        if (!NodeRanges.of(node).isEmpty()) {
            ranges.forget(node.getMetadata().getUid());
            return;
        }
        Optional<List<Cidr>> given = ranges.give(node, cache.values());
        if (given.isEmpty() || random.nextInt(5) == 4) { // none are left, or the request is lost
            return;
        }
        String range = given.get().getFirst().toString();
        Node present = server.get(name(node));
        if (present == null) {
            ranges.forget(node.getMetadata().getUid());
        } else {
            assertThat(NodeRanges.of(present)).as("what it has never changes").isIn(List.of(), List.of(range));
            server.put(name(node), node(name(node), range));
        }
    }

    private static void catchUp(Map<String, Node> cache, Map<String, Node> server, String name) {
        Node now = server.get(name);
        if (now == null) {
            cache.remove(name);
        } else {
            cache.put(name, now);
        }
    }

    private static void check(Map<String, Node> server, long seed) {
        Set<String> seen = new HashSet<>();
        for (Node node : server.values()) {
            NodeRanges.of(node)
                    .forEach(range -> assertThat(seen.add(range))
                            .as("%s twice with seed %d", range, seed)
                            .isTrue());
        }
    }

    private static Optional<Node> any(Random random, Map<String, Node> nodes) {
        List<String> names = new ArrayList<>(nodes.keySet());
        names.sort(null);
        return names.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(nodes.get(names.get(random.nextInt(names.size()))));
    }

    private static String give(NodeRanges ranges, String name, List<Node> shown) {
        return ranges.give(node(name), shown)
                .map(given -> given.getFirst().toString())
                .orElse("none");
    }

    private static String name(Node node) {
        return node.getMetadata().getName();
    }

    private static NodeIpamConfig config(String cluster) {
        return new NodeIpamConfig(List.of(NodeIpamConfig.Range.of(cluster)), List.of());
    }

    private static Node node(String name, String... ranges) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withUid(name)
                .endMetadata()
                .withNewSpec()
                .withPodCIDR(ranges.length == 0 ? null : ranges[0])
                .withPodCIDRs(ranges)
                .endSpec()
                .build();
    }
}
