package io.mokube.apiserver.flowcontrol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HandTest {

    @Test
    void aHandHoldsDifferentQueuesAndIsAlwaysTheSame() {
        for (int flow = 0; flow < 1000; flow++) {
            int[] hand = Hand.deal(Hand.hash("schema", "flow-" + flow), 64, 6);
            assertThat(hand).hasSize(6).doesNotHaveDuplicates();
            assertThat(Arrays.stream(hand)).allMatch(queue -> queue >= 0 && queue < 64);
            assertThat(Hand.deal(Hand.hash("schema", "flow-" + flow), 64, 6)).containsExactly(hand);
        }
    }

    @Test
    void aHandIsNoLargerThanTheDeck() {
        assertThat(Hand.deal(Hand.hash("s", "f"), 3, 8)).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void fewFlowsShareAHand() {
        int[] flood = Hand.deal(Hand.hash("schema", "flood"), 128, 6);
        Set<Integer> flooded = new HashSet<>();
        Arrays.stream(flood).forEach(flooded::add);
        int squeezed = 0;
        for (int flow = 0; flow < 10_000; flow++) {
            int[] hand = Hand.deal(Hand.hash("schema", "flow-" + flow), 128, 6);
            squeezed += Arrays.stream(hand).allMatch(flooded::contains) ? 1 : 0;
        }
        assertThat(squeezed).isZero();
    }

    @Test
    void allQueuesAreUsedAlike() {
        int[] uses = new int[64];
        for (int flow = 0; flow < 20_000; flow++) {
            for (int queue : Hand.deal(Hand.hash("schema", "flow-" + flow), 64, 6)) {
                uses[queue]++;
            }
        }
        assertThat(Arrays.stream(uses).min().orElseThrow()).isGreaterThan(20_000 * 6 / 64 * 9 / 10);
        assertThat(Arrays.stream(uses).max().orElseThrow()).isLessThan(20_000 * 6 / 64 * 11 / 10);
    }
}
