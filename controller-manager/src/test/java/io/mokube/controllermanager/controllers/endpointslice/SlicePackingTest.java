package io.mokube.controllermanager.controllers.endpointslice;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.services.Services;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SlicePackingTest {

    private static final Service SERVICE = Services.service(Services.port("http", 80, "web"));
    private static final Node NODE = Services.node("node-1", "east", "4");

    private final SliceModel cluster = new SliceModel();
    private final Map<String, Pod> pods = new TreeMap<>();
    private boolean twoPorts;

    @Test
    void slicesAreFilledToTheLimit() {
        IntStream.range(0, 250).forEach(this::add);
        run();
        assertThat(sizes()).containsExactlyInAnyOrder(100, 100, 50);
        assertThat(cluster.lastWrites()).isEqualTo(3);
    }

    @Test
    void newPodsGoIntoASliceThatChangesAnyway() {
        IntStream.range(0, 200).forEach(this::add);
        run();
        pods.remove(name(0));
        add(200);
        run();
        assertThat(sizes()).containsExactlyInAnyOrder(100, 100);
        assertThat(cluster.lastWrites()).isEqualTo(1);
    }

    @Test
    void newPodsGoIntoTheFullestSliceThatTakesThemAll() {
        IntStream.range(0, 300).forEach(this::add);
        run();
        List<List<String>> placed = new ArrayList<>(podsBySlice().values());
        placed.get(0).subList(0, 50).forEach(pods::remove);
        placed.get(1).subList(0, 5).forEach(pods::remove);
        run();
        IntStream.range(300, 304).forEach(this::add);
        run();
        assertThat(sizes()).containsExactlyInAnyOrder(50, 99, 100);
        assertThat(cluster.lastWrites()).isEqualTo(1);
        IntStream.range(304, 314).forEach(this::add);
        run();
        assertThat(sizes()).containsExactlyInAnyOrder(60, 99, 100);
        assertThat(cluster.lastWrites()).isEqualTo(1);
    }

    @Test
    void aSliceWithoutPodsGoes() {
        IntStream.range(0, 150).forEach(this::add);
        run();
        podsBySlice().values().stream()
                .filter(each -> each.size() == 50)
                .flatMap(List::stream)
                .forEach(pods::remove);
        run();
        assertThat(sizes()).containsExactly(100);
        assertThat(cluster.lastWrites()).isEqualTo(1);
    }

    /**
     * Pods come, go, become ready and unready at random. The slices always say exactly what the pods are, no endpoint is
     * in two of them, none is over the limit, and no more is written than there are slices with a change, slices that
     * all the new pods fill, and one that takes the rest.
     */
    @Property(tries = 20)
    void slicesSayExactlyWhatPodsThereAre(@ForAll long seed) {
        Random random = new Random(seed);
        SlicePackingTest test = new SlicePackingTest();
        test.twoPorts = true;
        int[] next = {0};
        for (int step = 0; step < 25; step++) {
            Map<String, List<String>> before = test.podsBySlice();
            Set<String> changed = new HashSet<>();
            for (String name : List.copyOf(test.pods.keySet())) {
                if (random.nextInt(20) == 0) {
                    test.pods.remove(name);
                    changed.add(name);
                } else if (random.nextInt(40) == 0) {
                    test.pods.computeIfPresent(name, (same, pod) -> Pods.notReady(pod, Services.THEN.plusSeconds(1)));
                    changed.add(name);
                }
            }
            int added = random.nextInt(4) == 0 ? random.nextInt(260) : random.nextInt(6);
            IntStream.range(next[0], next[0] + added).forEach(test::add);
            next[0] += added;

            test.run();

            test.check();
            long touched = before.values().stream()
                    .filter(names -> names.stream().anyMatch(changed::contains))
                    .count();
            int portSets = 2;
            assertThat(test.cluster.lastWrites())
                    .as("step %d of %d", step, seed)
                    .isLessThanOrEqualTo((int) touched + added / SliceDecision.MOST + 2 * portSets);
            test.run();
            assertThat(test.cluster.lastWrites()).as("nothing to do").isZero();
        }
    }

    private void check() {
        Map<String, Boolean> told = new HashMap<>();
        for (EndpointSlice slice : cluster.slices()) {
            assertThat(slice.getEndpoints()).hasSizeLessThanOrEqualTo(SliceDecision.MOST);
            for (Endpoint endpoint : slice.getEndpoints()) {
                String name = endpoint.getTargetRef().getName();
                assertThat(told.put(name, endpoint.getConditions().getReady()))
                        .as("twice: %s", name)
                        .isNull();
                assertThat(slice.getPorts().getFirst().getPort()).isEqualTo(port(name));
            }
        }
        Map<String, Boolean> wanted = new HashMap<>();
        pods.forEach((name, pod) -> wanted.put(
                name, pod.getStatus().getConditions().getFirst().getStatus().equals("True")));
        assertThat(told).isEqualTo(wanted);
    }

    private void run() {
        cluster.apply(SliceDecision.plan(
                        SERVICE,
                        List.copyOf(pods.values()),
                        new SliceDecision.Cluster(name -> Optional.of(NODE), Map::of),
                        cluster.slices(),
                        Optional.empty(),
                        false)
                .changes());
    }

    private static String name(int number) {
        return "pod-%05d".formatted(number);
    }

    /** Pods of the property have one of two numbers for the port. */
    private int port(String name) {
        return twoPorts && name.endsWith("7") ? 8081 : 8080;
    }

    private void add(int number) {
        String name = name(number);
        String ip = "10.0.%d.%d".formatted(number / 250, number % 250);
        pods.put(name, Services.withPort(Services.pod(name, ip), "web", port(name)));
    }

    private List<Integer> sizes() {
        return cluster.slices().stream()
                .map(slice -> slice.getEndpoints().size())
                .toList();
    }

    private Map<String, List<String>> podsBySlice() {
        Map<String, List<String>> names = new TreeMap<>();
        for (EndpointSlice slice : cluster.slices()) {
            names.put(
                    slice.getMetadata().getName(),
                    slice.getEndpoints().stream()
                            .map(endpoint -> endpoint.getTargetRef().getName())
                            .toList());
        }
        return names;
    }
}
