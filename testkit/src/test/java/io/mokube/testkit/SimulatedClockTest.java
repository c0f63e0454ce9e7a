package io.mokube.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SimulatedClockTest {

    private final SimulatedClock clock = new SimulatedClock(Instant.EPOCH);
    private final List<String> seen = new ArrayList<>();

    @Test
    void runsTimersInOrderAtTheirTime() {
        clock.schedule(
                Duration.ofSeconds(3), () -> seen.add("b@" + clock.instant().getEpochSecond()));
        clock.schedule(
                Duration.ofSeconds(1), () -> seen.add("a@" + clock.instant().getEpochSecond()));
        clock.schedule(Duration.ofSeconds(9), () -> seen.add("never"));
        clock.advance(Duration.ofSeconds(5));
        assertThat(seen).containsExactly("a@1", "b@3");
        assertThat(clock.instant()).isEqualTo(Instant.ofEpochSecond(5));
        assertThat(clock.pendingIn()).containsExactly(Duration.ofSeconds(4));
    }

    @Test
    void timersMadeByTimersRunInTheSameAdvance() {
        AtomicInteger runs = new AtomicInteger();
        Runnable[] hourly = new Runnable[1];
        hourly[0] = () -> {
            runs.incrementAndGet();
            clock.schedule(Duration.ofHours(1), hourly[0]);
        };
        clock.schedule(Duration.ofHours(1), hourly[0]);
        clock.advance(Duration.ofDays(7));
        assertThat(runs).hasValue(7 * 24);
    }

    @Test
    void aCancelledTimerDoesNotRun() {
        clock.schedule(Duration.ofSeconds(1), () -> seen.add("x")).cancel();
        clock.advance(Duration.ofSeconds(2));
        assertThat(seen).isEmpty();
    }

    @Test
    void aSleepingLoopWakesAtEachOfItsTimes() throws InterruptedException {
        Thread loop = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < 5; i++) {
                    clock.sleep(Duration.ofSeconds(10));
                    seen.add("t" + clock.instant().getEpochSecond());
                }
            } catch (InterruptedException e) {
                seen.add("interrupted");
            }
        });
        clock.awaitPending(1);
        clock.advance(Duration.ofMinutes(1));
        loop.join();
        assertThat(seen).containsExactly("t10", "t20", "t30", "t40", "t50");
    }

    @Test
    void aWallClockJumpMovesNoTimer() {
        clock.schedule(Duration.ofSeconds(5), () -> seen.add("x"));
        clock.jumpWallClock(Duration.ofHours(1));
        clock.advance(Duration.ZERO);
        assertThat(seen).isEmpty();
        assertThat(clock.instant()).isEqualTo(Instant.ofEpochSecond(3600));
    }
}
