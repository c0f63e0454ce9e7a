package io.mokube.apiserver.flowcontrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.flowcontrol.FairQueues.Outcome;
import io.mokube.apiserver.flowcontrol.PriorityLevel.Queuing;
import io.mokube.testkit.Await;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class FairQueuesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration SOON = Duration.ofSeconds(10);

    private final SimulatedClock clock = new SimulatedClock();
    private final BlockingQueue<Answered> answers = new LinkedBlockingQueue<>();

    private record Answered(String flow, Outcome outcome) {
        FairQueues.Seat seat() {
            return ((Outcome.Seated) outcome).seat();
        }
    }

    @Test
    void aFlowWithOneRequestIsNotHeldUpByAFlowWithHundreds() throws Exception {
        FairQueues queues = queues(4, new Queuing(64, 6, 50));
        arrive(queues, "elephant", 100);
        List<Answered> seated = new ArrayList<>(answers(4));
        Await.until(SOON, "the others wait", () -> queues.waiting() == 96);
        arrive(queues, "mouse", 1);
        Await.until(SOON, "the mouse waits", () -> queues.waiting() == 97);

        // Two of the elephant's six queues have had no turn yet, as the mouse's.
        List<String> next = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            seated.removeFirst().seat().release();
            next.add(next().flow());
        }

        assertThat(next).contains("mouse");
    }

    @Test
    void twoFloodsGetEqualParts() throws Exception {
        FairQueues queues = queues(2, new Queuing(64, 6, 50));
        arrive(queues, "many", 200);
        List<Answered> seated = new ArrayList<>(answers(2));
        Await.until(SOON, "they wait", () -> queues.waiting() == 198);
        arrive(queues, "more", 100);
        Await.until(SOON, "all wait", () -> queues.waiting() == 298);

        int more = 0;
        for (int i = 0; i < 80; i++) {
            clock.advance(Duration.ofMillis(20));
            seated.removeFirst().seat().release();
            Answered let = next();
            seated.add(let);
            more += let.flow().equals("more") ? 1 : 0;
        }

        assertThat(more).isBetween(38, 42);
    }

    @Test
    void aFlowThatTakesLongGetsFewerTurns() throws Exception {
        FairQueues queues = queues(1, new Queuing(64, 6, 50));
        arrive(queues, "slow", 100);
        Answered seated = next();
        arrive(queues, "quick", 100);
        Await.until(SOON, "all wait", () -> queues.waiting() == 199);

        int quick = 0;
        for (int i = 0; i < 60; i++) {
            clock.advance(seated.flow().equals("slow") ? Duration.ofMillis(90) : Duration.ofMillis(30));
            seated.seat().release();
            seated = next();
            quick += seated.flow().equals("quick") ? 1 : 0;
        }

        assertThat(quick).isBetween(41, 48); // three of four
    }

    @Test
    void whoFindsNoSeatIsRefusedAtOnceWhereNobodyWaits() throws Exception {
        FairQueues queues = new FairQueues(Optional.empty(), 2, PATIENCE, clock);
        arrive(queues, "a", 3);
        List<Outcome> outcomes = answers(3).stream().map(Answered::outcome).toList();
        assertThat(outcomes).filteredOn(Outcome.Seated.class::isInstance).hasSize(2);
        assertThat(outcomes).contains(new Outcome.Refused("concurrency-limit"));
    }

    @Test
    void aFullQueueTakesNoMore() throws Exception {
        FairQueues queues = queues(1, new Queuing(1, 1, 5));
        arrive(queues, "a", 7);
        List<Answered> answered = answers(2);
        assertThat(answered).extracting(Answered::outcome).contains(new Outcome.Refused("queue-full"));
        assertThat(queues.waiting()).isEqualTo(5);
    }

    @Test
    void nobodyWaitsForEver() throws Exception {
        FairQueues queues = queues(1, new Queuing(1, 1, 5));
        arrive(queues, "a", 3);
        Answered seated = next();
        Await.until(SOON, "two wait", () -> queues.waiting() == 2);
        clock.advance(PATIENCE);
        assertThat(answers(2)).extracting(Answered::outcome).containsOnly(new Outcome.Refused("time-out"));
        seated.seat().release();
        assertThat(queues.waiting()).isZero();
        assertThat(queues.inUse()).isZero();
    }

    @Test
    void aWideRequestTakesManySeatsButNeverMoreThanThereAre() throws Exception {
        FairQueues queues = queues(4, new Queuing(16, 2, 50));
        enter(queues, "wide", 10);
        Answered wide = next();
        assertThat(queues.inUse()).isEqualTo(4);
        arrive(queues, "narrow", 1);
        Await.until(SOON, "it waits", () -> queues.waiting() == 1);
        wide.seat().release();
        wide.seat().release(); // again: nothing happens
        next();
        assertThat(queues.inUse()).isEqualTo(1);
    }

    @Test
    void moreSeatsLetMoreIn() throws Exception {
        FairQueues queues = queues(1, new Queuing(16, 2, 50));
        arrive(queues, "a", 5);
        next();
        Await.until(SOON, "four wait", () -> queues.waiting() == 4);
        assertThat(queues.takeHighestDemand()).isEqualTo(5);
        queues.setLimit(4);
        answers(3);
        assertThat(queues.waiting()).isEqualTo(1);
        assertThat(queues.inUse()).isEqualTo(4);
    }

    @RepeatedTest(20)
    void noMoreThanTheLimitAndNobodyIsForgotten(RepetitionInfo info) throws Exception {
        Random random = new Random(info.getCurrentRepetition());
        int limit = 1 + random.nextInt(8);
        FairQueues queues = queues(limit, new Queuing(8, 3, 100));
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        int count = 300;
        BlockingQueue<Outcome> finished = new LinkedBlockingQueue<>();
        for (int i = 0; i < count; i++) {
            int seats = 1 + random.nextInt(3);
            long flow = Hand.hash("s", "f" + random.nextInt(5));
            Thread.ofVirtual().start(() -> {
                try {
                    Outcome outcome = queues.enter(flow, seats);
                    if (outcome instanceof Outcome.Seated(FairQueues.Seat seat)) {
                        int taken = Math.min(seats, limit);
                        most.accumulateAndGet(inside.addAndGet(taken), Math::max);
                        LockSupport.parkNanos(random.nextInt(200_000));
                        inside.addAndGet(-taken);
                        seat.release();
                    }
                    finished.add(outcome);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }
        for (int i = 0; i < count; i++) {
            assertThat(finished.poll(10, TimeUnit.SECONDS)).isNotNull();
        }
        assertThat(most.get()).isLessThanOrEqualTo(limit);
        assertThat(queues.inUse()).isZero();
        assertThat(queues.waiting()).isZero();
    }

    private FairQueues queues(int limit, Queuing queuing) {
        return new FairQueues(Optional.of(queuing), limit, PATIENCE, clock);
    }

    private void arrive(FairQueues queues, String flow, int count) {
        for (int i = 0; i < count; i++) {
            enter(queues, flow, 1);
        }
    }

    private void enter(FairQueues queues, String flow, int seats) {
        Thread.ofVirtual().start(() -> {
            try {
                answers.add(new Answered(flow, queues.enter(Hand.hash("schema", flow), seats)));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    private Answered next() throws InterruptedException {
        Answered answered = answers.poll(10, TimeUnit.SECONDS);
        assertThat(answered).as("an answer").isNotNull();
        return answered;
    }

    private List<Answered> answers(int count) throws InterruptedException {
        List<Answered> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(next());
        }
        return all;
    }
}
