package io.mokube.proxy.model;

import static io.mokube.proxy.TestServices.HERE;
import static io.mokube.proxy.TestServices.hinted;
import static io.mokube.proxy.TestServices.local;
import static io.mokube.proxy.TestServices.remote;
import static io.mokube.proxy.TestServices.terminating;
import static io.mokube.proxy.TestServices.unready;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UsableTest {

    private static final Endpoint NEAR = local("10.60.1.2", 80);
    private static final Endpoint FAR = remote("10.60.2.2", 80);

    private static Usable usable(Endpoint... endpoints) {
        return Usable.of(List.of(endpoints), HERE.node());
    }

    @Test
    void readyOnesAreUsed() {
        assertThat(usable(NEAR, unready(FAR))).isEqualTo(new Usable(List.of(NEAR), List.of(NEAR), true));
        assertThat(usable(NEAR, terminating(FAR)).cluster()).containsExactly(NEAR);
        assertThat(usable(unready(NEAR))).isEqualTo(new Usable(List.of(), List.of(), false));
        assertThat(usable()).isEqualTo(new Usable(List.of(), List.of(), false));
    }

    @Test
    void thoseThatServeToTheirEndAreUsedWhenNothingIsReady() {
        assertThat(usable(terminating(NEAR), terminating(FAR)).cluster()).hasSize(2);
        assertThat(usable(terminating(NEAR), FAR))
                .as("on the node alone, nothing is ready")
                .isEqualTo(new Usable(List.of(FAR), List.of(terminating(NEAR)), true));
    }

    @Test
    void hintsCountWhenAllHaveOneAndOneIsForHere() {
        Endpoint forHere = hinted(FAR, Set.of("near"), Set.of());
        Endpoint forElsewhere = hinted(NEAR, Set.of("far"), Set.of());
        assertThat(usable(forHere, forElsewhere).cluster()).containsExactly(forHere);
        assertThat(usable(forHere, forElsewhere).local())
                .as("policies go before hints")
                .containsExactly(forElsewhere);
        assertThat(usable(forHere, NEAR).cluster()).as("one has none").hasSize(2);
        assertThat(usable(forElsewhere, hinted(FAR, Set.of("far"), Set.of())).cluster())
                .as("none is for here")
                .hasSize(2);
    }

    @Test
    void hintsForNodesGoBeforeThoseForZones() {
        Endpoint one = hinted(NEAR, Set.of("near"), Set.of("here"));
        Endpoint other = hinted(FAR, Set.of("near"), Set.of("there"));
        assertThat(usable(one, other).cluster()).containsExactly(one);
        Endpoint elsewhere = hinted(NEAR, Set.of("near"), Set.of("nowhere"));
        assertThat(usable(elsewhere, other).cluster()).as("then zones").hasSize(2);
    }
}
