package io.mokube.apiserver.flowcontrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.flowcontrol.Seats.Demand;
import io.mokube.apiserver.flowcontrol.Seats.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class SeatsTest {

    @Test
    void sharesDecideWhoHasHowMany() {
        Map<String, Range> ranges = Seats.ranges(
                List.of(
                        level("system", 30, 33, OptionalInt.empty()),
                        level("leaders", 10, 0, OptionalInt.of(0)),
                        level("workload", 60, 50, OptionalInt.of(100))),
                600);
        assertThat(ranges)
                .containsEntry("system", new Range(180, 121, 780))
                .containsEntry("leaders", new Range(60, 60, 60))
                .containsEntry("workload", new Range(360, 180, 720));
    }

    @Test
    void whoIsIdleLendsAndWhoIsBusyBorrows() {
        List<Integer> divided = Seats.divide(
                List.of(new Demand(new Range(300, 100, 900), 0, 0), new Demand(new Range(300, 100, 900), 700, 700)),
                600);
        assertThat(divided).containsExactly(100, 500);
    }

    @Test
    void whoUsedItsPartAMomentAgoLendsNothing() {
        List<Integer> divided = Seats.divide(
                List.of(new Demand(new Range(300, 100, 900), 300, 300), new Demand(new Range(300, 100, 900), 700, 700)),
                600);
        assertThat(divided).containsExactly(300, 300);
    }

    @RepeatedTest(50)
    void whatIsDividedIsWhatThereIs(RepetitionInfo info) {
        Random random = new Random(info.getCurrentRepetition());
        int seats = 50 + random.nextInt(1000);
        List<PriorityLevel> levels = new ArrayList<>();
        int count = 2 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            levels.add(level(
                    "level-" + i,
                    1 + random.nextInt(100),
                    random.nextInt(101),
                    random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(random.nextInt(300))));
        }
        Map<String, Range> ranges = Seats.ranges(levels, seats);
        List<Demand> demands = levels.stream()
                .map(level -> {
                    int highest = random.nextInt(seats);
                    return new Demand(
                            Objects.requireNonNull(ranges.get(level.name())), highest, highest + random.nextInt(50));
                })
                .toList();
        List<Integer> divided = Seats.divide(demands, seats);
        int sum = 0;
        for (int i = 0; i < count; i++) {
            assertThat(divided.get(i)).isBetween(1, demands.get(i).range().most() + 1);
            sum += divided.get(i);
        }
        assertThat(sum).isLessThanOrEqualTo(seats + count);
        if (demands.stream().allMatch(demand -> demand.target() >= 1)) {
            int most =
                    demands.stream().mapToInt(demand -> demand.range().most()).sum();
            assertThat(sum).isGreaterThanOrEqualTo(Math.min(seats, most) - count);
        }
    }

    private static PriorityLevel level(String name, int shares, int lendable, OptionalInt borrowing) {
        return new PriorityLevel(name, "", false, shares, lendable, borrowing, Optional.empty());
    }
}
