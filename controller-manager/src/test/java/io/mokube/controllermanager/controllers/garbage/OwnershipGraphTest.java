package io.mokube.controllermanager.controllers.garbage;

import static io.mokube.controllermanager.controllers.garbage.Items.item;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class OwnershipGraphTest {

    private final OwnershipGraph graph = new OwnershipGraph();

    @Test
    void anObjectWithoutOwnersNeedsNoLook() {
        assertThat(graph.put(item("a").build())).isEmpty();
        assertThat(graph.put(item("a").deleting().build())).isEmpty();
        assertThat(graph.remove("a")).isEmpty();
    }

    @Test
    void anOwnedObjectIsLookedAtWhenItComesAndWhenItsOwnerGoes() {
        assertThat(graph.put(item("pod").ownedBy("set").build())).containsExactly("pod");
        assertThat(graph.put(item("set").build())).isEmpty();
        assertThat(graph.put(item("pod").ownedBy("set").build()))
                .as("nothing new")
                .isEmpty();
        assertThat(graph.dependents("set"))
                .containsExactly(item("pod").ownedBy("set").build());
        assertThat(graph.remove("set")).containsExactly("pod");
        assertThat(graph.remove("pod")).isEmpty();
        assertThat(graph.dependents("set")).isEmpty();
    }

    @Test
    void anOwnerThatWaitsIsLookedAtWhenItBeginsToWaitAndWhenADependentGoesOrLetsItGo() {
        graph.put(item("set").build());
        graph.put(item("one").blocking("set").build());
        graph.put(item("two").blocking("set").build());
        assertThat(graph.put(item("set").waiting().build())).containsExactly("set");
        assertThat(graph.put(item("set").waiting().build())).isEmpty();
        assertThat(graph.remove("one")).containsExactly("set");
        assertThat(graph.put(item("two").ownedBy("set").build())).contains("set");
    }

    @Test
    void anOwnerThatOrphansIsLookedAtOnce() {
        graph.put(item("set").build());
        assertThat(graph.put(item("set").orphaning().build())).containsExactly("set");
        assertThat(graph.put(item("set").orphaning().build())).isEmpty();
    }

    /** After any changes, dependents are those a walk over all objects finds. */
    @Property(tries = 300)
    void edgesAgreeWithTheObjects(@ForAll long seed) {
        Random random = new Random(seed);
        OwnershipGraph edges = new OwnershipGraph();
        Map<String, Item> model = new HashMap<>();
        for (int step = 0; step < 100; step++) {
            String name = "n" + random.nextInt(6);
            if (random.nextInt(4) == 0) {
                edges.remove(name);
                model.remove(name);
            } else {
                Items next = item(name);
                for (int owner = random.nextInt(3); owner > 0; owner--) {
                    next.ownedBy("n" + random.nextInt(6));
                }
                model.put(name, next.build());
                edges.put(next.build());
            }
            for (int i = 0; i < 6; i++) {
                String owner = "n" + i;
                Set<String> expected = new HashSet<>();
                model.values().stream()
                        .filter(each -> each.owners().stream()
                                .anyMatch(reference -> reference.uid().equals(owner)))
                        .forEach(each -> expected.add(each.uid()));
                assertThat(edges.dependents(owner)).extracting(Item::uid).containsExactlyInAnyOrderElementsOf(expected);
            }
        }
    }
}
