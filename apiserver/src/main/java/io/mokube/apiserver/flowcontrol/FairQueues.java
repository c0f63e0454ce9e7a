package io.mokube.apiserver.flowcontrol;

import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The seats of one priority level, and the queues in which requests wait for them. The next request comes from the queue that
 * has had the least of the server's time so far, counted from when it last began to be used; so flows get equal parts of the
 * level, however many requests they send. Safe for use by many threads.
 */
final class FairQueues {

    /** What a request is thought to take before it is known. */
    private static final double GUESSED_SECONDS = 0.003;

    private final Clock clock;
    private final Duration patience;
    private final Optional<PriorityLevel.Queuing> queuing;
    private final Queue[] queues;
    private final ReentrantLock lock = new ReentrantLock();
    private int limit;
    private int inUse;
    private int waiting;
    private int waitingSeats;
    private int highestDemand;

    /** The turn of the queue that was served last, on its own scale: seconds of service for each seat. */
    private double virtualTime;

    /**
     * @param queuing empty to refuse what finds no seat
     * @param patience how long a request waits at the most
     */
    FairQueues(Optional<PriorityLevel.Queuing> queuing, int limit, Duration patience, Clock clock) {
        this.queuing = queuing;
        this.limit = limit;
        this.patience = patience;
        this.clock = clock;
        this.queues = new Queue[queuing.map(PriorityLevel.Queuing::queues).orElse(1)];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new Queue();
        }
    }

    Optional<PriorityLevel.Queuing> queuing() {
        return queuing;
    }

    private static final class Queue {
        private final Deque<Waiter> waiters = new ArrayDeque<>();
        private int seats;
        private int executing;
        private double turn;
    }

    /** A request in a queue. Guarded by the lock. */
    private static final class Waiter {
        private final Queue queue;
        private final int seats;
        private final Condition called;
        private boolean admitted;
        private boolean timedOut;

        Waiter(Queue queue, int seats, Condition called) {
            this.queue = queue;
            this.seats = seats;
            this.called = called;
        }
    }

    /** What became of a request that wanted a seat. */
    sealed interface Outcome {
        /** It has its seats until they are given back. */
        record Seated(Seat seat) implements Outcome {}

        /** It has none; the reason in the words of Kubernetes' metrics. */
        record Refused(String reason) implements Outcome {}
    }

    /** Seats that a request has. */
    final class Seat {
        private final Queue queue;
        private final int seats;
        private final long since;
        private boolean given;

        private Seat(Queue queue, int seats) {
            this.queue = queue;
            this.seats = seats;
            this.since = clock.nanoTime();
        }

        /** Gives the seats back; what is called again does nothing. */
        void release() {
            lock.lock();
            try {
                if (given) {
                    return;
                }
                given = true;
                inUse -= seats;
                queue.executing--;
                queue.turn += ((clock.nanoTime() - since) / 1e9 - GUESSED_SECONDS) * seats;
                admitWaiting();
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Waits for seats.
     *
     * @param flow the flow's hash
     * @param wanted how many seats; one that wants more than there are gets all
     */
    Outcome enter(long flow, int wanted) throws InterruptedException {
        lock.lock();
        try {
            int seats = Math.clamp(wanted, 1, Math.max(1, limit));
            Queue queue = queueOf(flow);
            highestDemand = Math.max(highestDemand, inUse + waitingSeats + seats);
            if (queue.executing == 0 && queue.waiters.isEmpty()) {
                queue.turn = Math.max(queue.turn, virtualTime); // what it did not use is gone
            }
            if (waiting == 0 && inUse + seats <= limit) {
                return new Outcome.Seated(admit(queue, seats));
            }
            if (queuing.isEmpty()) {
                return new Outcome.Refused("concurrency-limit");
            }
            if (queue.waiters.size() >= queuing.get().lengthLimit()) {
                return new Outcome.Refused("queue-full");
            }
            return await(new Waiter(queue, seats, lock.newCondition()));
        } finally {
            lock.unlock();
        }
    }

    private Outcome await(Waiter waiter) throws InterruptedException {
        waiter.queue.waiters.add(waiter);
        waiter.queue.seats += waiter.seats;
        waiting++;
        waitingSeats += waiter.seats;
        Clock.Timer timer = clock.schedule(patience, () -> timeOut(waiter));
        try {
            while (!waiter.admitted && !waiter.timedOut) {
                waiter.called.await();
            }
        } catch (InterruptedException e) {
            if (waiter.admitted) {
                new Seat(waiter.queue, waiter.seats).release();
            } else if (!waiter.timedOut) {
                leave(waiter);
            }
            throw e;
        } finally {
            timer.cancel();
        }
        return waiter.admitted
                ? new Outcome.Seated(new Seat(waiter.queue, waiter.seats))
                : new Outcome.Refused("time-out");
    }

    private void timeOut(Waiter waiter) {
        lock.lock();
        try {
            if (!waiter.admitted) {
                leave(waiter);
                waiter.timedOut = true;
                waiter.called.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private void leave(Waiter waiter) {
        if (waiter.queue.waiters.remove(waiter)) {
            waiter.queue.seats -= waiter.seats;
            waiting--;
            waitingSeats -= waiter.seats;
        }
    }

    /** The queue of the flow's hand in which least waits and is served. */
    private Queue queueOf(long flow) {
        if (queues.length == 1) {
            return queues[0];
        }
        int handSize = queuing.map(PriorityLevel.Queuing::handSize).orElse(1);
        Queue best = queues[0];
        int least = Integer.MAX_VALUE;
        for (int index : Hand.deal(flow, queues.length, handSize)) {
            int load = queues[index].seats + queues[index].executing;
            if (load < least) {
                least = load;
                best = queues[index];
            }
        }
        return best;
    }

    private Seat admit(Queue queue, int seats) {
        charge(queue, seats);
        return new Seat(queue, seats);
    }

    private void charge(Queue queue, int seats) {
        virtualTime = Math.max(virtualTime, queue.turn);
        queue.turn += GUESSED_SECONDS * seats;
        queue.executing++;
        inUse += seats;
    }

    /** Lets in whoever is next while there are seats. One that wants many holds up the others until it has them. */
    private void admitWaiting() {
        while (waiting > 0) {
            Queue next = null;
            for (Queue queue : queues) {
                if (!queue.waiters.isEmpty() && (next == null || queue.turn < next.turn)) {
                    next = queue;
                }
            }
            @Nullable Waiter waiter = next == null ? null : next.waiters.peek();
            if (waiter == null || (inUse > 0 && inUse + waiter.seats > limit)) {
                return;
            }
            leave(waiter);
            charge(waiter.queue, waiter.seats);
            waiter.admitted = true;
            waiter.called.signal();
        }
    }

    void setLimit(int seats) {
        lock.lock();
        try {
            limit = seats;
            admitWaiting();
        } finally {
            lock.unlock();
        }
    }

    int limit() {
        lock.lock();
        try {
            return limit;
        } finally {
            lock.unlock();
        }
    }

    int inUse() {
        lock.lock();
        try {
            return inUse;
        } finally {
            lock.unlock();
        }
    }

    int waiting() {
        lock.lock();
        try {
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    /** The most seats that were used or waited for at one moment since the last call. */
    int takeHighestDemand() {
        lock.lock();
        try {
            int highest = highestDemand;
            highestDemand = inUse + waitingSeats;
            return highest;
        } finally {
            lock.unlock();
        }
    }
}
