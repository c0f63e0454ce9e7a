package io.mokube.machinery.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KeyedLocksTest {

    private static final int THREADS = 16;
    private static final int TURNS = 2_000;
    private static final int KEYS = 3;

    private final KeyedLocks<Integer> locks = new KeyedLocks<>();

    @Test
    void oneAtATimeHoldsAKeyAndNothingIsKept() throws InterruptedException {
        // Not atomic: only the locks keep counts from being lost.
        int[] counts = new int[KEYS];
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int first = i;
            threads.add(Thread.ofPlatform().start(() -> {
                for (int turn = 0; turn < TURNS; turn++) {
                    int key = (first + turn) % KEYS;
                    try (KeyedLocks.Held _ = locks.hold(key)) {
                        int before = counts[key];
                        Thread.onSpinWait();
                        counts[key] = before + 1;
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(counts[0] + counts[1] + counts[2]).isEqualTo(THREADS * TURNS);
        assertThat(locks.size()).isZero();
    }

    @Test
    void anotherKeyIsFreeAndAHeldOneMayBeTakenAgain() throws InterruptedException {
        CountDownLatch other = new CountDownLatch(1);
        CountDownLatch same = new CountDownLatch(1);
        try (KeyedLocks.Held _ = locks.hold(1);
                KeyedLocks.Held _ = locks.hold(1)) {
            Thread.ofVirtual().start(() -> take(2, other));
            Thread.ofVirtual().start(() -> take(1, same));
            assertThat(other.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(same.getCount()).isOne();
        }
        assertThat(same.await(10, TimeUnit.SECONDS)).isTrue();
    }

    private void take(int key, CountDownLatch taken) {
        try (KeyedLocks.Held _ = locks.hold(key)) {
            taken.countDown();
        }
    }
}
