package io.mokube.scheduler.queue;

import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.snapshot.PodInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pods that want a node. A pod is in one of five places: <em>active</em> (ready, highest priority first, then longest
 * waiting), <em>in flight</em> (taken and being decided on), <em>back-off</em> (will be ready after a delay that doubles
 * with each attempt), <em>unschedulable</em> (waits for an event that could turn its rejection around, and is tried
 * again after five minutes anyway), or <em>gated</em> (waits until the pod itself changes).
 *
 * <p>An event that happens while a pod is in flight is not lost on it: rejected for a reason which that event could have
 * removed, it goes to back-off and not to unschedulable.
 *
 * <p>Safe for use by many threads.
 */
public final class SchedulingQueue {

    /** How long pods wait. */
    public record Delays(Duration initialBackoff, Duration maxBackoff, Duration maxUnschedulable) {

        /** Those of kube-scheduler. */
        public static final Delays DEFAULT =
                new Delays(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofMinutes(5));
    }

    /** How many pods are in each place. */
    public record Sizes(int active, int backoff, int unschedulable, int gated) {}

    private enum Place {
        ACTIVE,
        IN_FLIGHT,
        BACKOFF,
        UNSCHEDULABLE,
        GATED
    }

    private static final class Entry {
        QueuedPod queued;
        Place place;
        /** When back-off ends, or when an unschedulable pod is tried again anyway. */
        long dueNanos;
        /** What the pod turned into while it was in flight. */
        @Nullable
        PodInfo changedInFlight;

        Entry(QueuedPod queued, Place place) {
            this.queued = queued;
            this.place = place;
        }
    }

    private static final Comparator<Entry> MOST_URGENT_FIRST = Comparator.comparingInt(
                    (Entry entry) -> entry.queued.pod().priority())
            .reversed()
            .thenComparingLong(entry -> entry.queued.sinceNanos())
            .thenComparing(entry -> entry.queued.pod().createdAt())
            .thenComparing(entry -> entry.queued.pod().uid());

    private static final Comparator<Entry> SOONEST_FIRST = Comparator.comparingLong((Entry entry) -> entry.dueNanos)
            .thenComparing(entry -> entry.queued.pod().uid());

    private final Clock clock;
    private final Delays delays;
    private final Predicate<PodInfo> heldBack;

    private final Map<String, Entry> entries = new HashMap<>();
    private final TreeSet<Entry> active = new TreeSet<>(MOST_URGENT_FIRST);
    private final TreeSet<Entry> backoff = new TreeSet<>(SOONEST_FIRST);
    private final TreeSet<Entry> unschedulable = new TreeSet<>(SOONEST_FIRST);
    private int gated;

    private long events;
    private final Map<ClusterEvent, Long> lastEvents = new EnumMap<>(ClusterEvent.class);

    private Clock.@Nullable Timer timer;
    private long timerDueNanos;
    private boolean closed;

    /**
     * A queue.
     *
     * @param heldBack whether a pod must not be considered, whatever the cluster looks like; asked when the pod changes
     */
    public SchedulingQueue(Clock clock, Delays delays, Predicate<PodInfo> heldBack) {
        this.clock = clock;
        this.delays = delays;
        this.heldBack = heldBack;
    }

    /** Takes in a pod without a node, new or changed. */
    public synchronized void put(PodInfo pod) {
        Entry entry = entries.get(pod.uid());
        if (entry == null) {
            long now = clock.nanoTime();
            entry = new Entry(new QueuedPod(pod, 0, now, now, events, Set.of(), Set.of()), Place.GATED);
            entries.put(pod.uid(), entry);
            gated++;
            if (!heldBack.test(pod)) {
                activate(entry);
            }
            return;
        }
        switch (entry.place) {
            case IN_FLIGHT -> entry.changedInFlight = pod;
            case ACTIVE, BACKOFF -> {
                Place place = entry.place;
                takeOut(entry);
                entry.queued = entry.queued.withPod(pod);
                putInto(entry, place);
            }
            case UNSCHEDULABLE, GATED -> {
                boolean worthAnotherTry = differs(entry.queued.pod(), pod);
                boolean wasGated = entry.place == Place.GATED;
                takeOut(entry);
                entry.queued = entry.queued.withPod(pod);
                if (heldBack.test(pod)) {
                    putInto(entry, Place.GATED);
                } else if (wasGated) {
                    activate(entry);
                } else if (worthAnotherTry) {
                    backOffOrActivate(entry);
                } else {
                    putInto(entry, Place.UNSCHEDULABLE);
                }
            }
        }
    }

    /** Whether a pod changed in anything that decisions look at; its own status is nothing of that kind. */
    private static boolean differs(PodInfo old, PodInfo changed) {
        return !old.nominatedTo("").equals(changed.nominatedTo(""));
    }

    /** Drops a pod that is gone, or has a node. */
    public synchronized void remove(String uid) {
        Entry entry = entries.remove(uid);
        if (entry != null) {
            takeOut(entry);
        }
    }

    /**
     * Takes the most urgent pod out, waiting until there is one. It is in flight until {@link #done}, {@link #rejected}
     * or {@link #failed} is called for it.
     *
     * @return empty once the queue is closed
     * @throws InterruptedException when the thread is interrupted while waiting
     */
    public synchronized Optional<QueuedPod> take() throws InterruptedException {
        while (active.isEmpty() && !closed) {
            wait();
        }
        return closed ? Optional.empty() : poll();
    }

    /** Takes the most urgent pod out if there is one now. */
    public synchronized Optional<QueuedPod> poll() {
        Entry entry = active.pollFirst();
        if (entry == null) {
            return Optional.empty();
        }
        entry.place = Place.IN_FLIGHT;
        entry.queued = entry.queued.taken(events);
        return Optional.of(entry.queued);
    }

    /** The pod in flight needs nothing more: it was bound, or must not be scheduled. */
    public synchronized void done(String uid) {
        remove(uid);
    }

    /**
     * The pod in flight fits nowhere now.
     *
     * @param plugins those that rejected it
     * @param unblockedBy the events that make another try worth while
     */
    public synchronized void rejected(QueuedPod taken, Set<String> plugins, Set<ClusterEvent> unblockedBy) {
        Entry entry = landed(taken);
        if (entry == null) {
            return;
        }
        boolean missed =
                unblockedBy.stream().anyMatch(event -> lastEvents.getOrDefault(event, 0L) > taken.takenAtEvent());
        boolean changed = applyChange(entry);
        long now = clock.nanoTime();
        entry.queued = entry.queued.rejected(plugins, unblockedBy).since(now);
        entry.dueNanos = now + delays.maxUnschedulable().toNanos();
        if (heldBack.test(entry.queued.pod())) {
            putInto(entry, Place.GATED);
        } else if (missed || changed) {
            backOffOrActivate(entry);
        } else {
            putInto(entry, Place.UNSCHEDULABLE);
        }
    }

    /** The attempt failed for a reason that is not the pod's: it is tried again after its back-off. */
    public synchronized void failed(QueuedPod taken) {
        Entry entry = landed(taken);
        if (entry == null) {
            return;
        }
        applyChange(entry);
        entry.queued = entry.queued.since(clock.nanoTime());
        if (heldBack.test(entry.queued.pod())) {
            putInto(entry, Place.GATED);
        } else {
            backOffOrActivate(entry);
        }
    }

    /** The entry of a pod that was in flight, in no place now; null when it was removed meanwhile. */
    private @Nullable Entry landed(QueuedPod taken) {
        Entry entry = entries.get(taken.pod().uid());
        return entry == null || entry.place != Place.IN_FLIGHT ? null : entry;
    }

    /** Whether the pod changed, while it was in flight, in a way that decisions look at. */
    private static boolean applyChange(Entry entry) {
        PodInfo changed = entry.changedInFlight;
        if (changed == null) {
            return false;
        }
        entry.changedInFlight = null;
        boolean differs = differs(entry.queued.pod(), changed);
        entry.queued = entry.queued.withPod(changed);
        return differs;
    }

    /** Something happened in the cluster: pods that waited for this are tried again, after their back-off. */
    public synchronized void happened(ClusterEvent event) {
        events++;
        lastEvents.put(event, events);
        List<Entry> woken = new ArrayList<>();
        for (Entry entry : unschedulable) {
            if (entry.queued.unblockedBy().contains(event)) {
                woken.add(entry);
            }
        }
        for (Entry entry : woken) {
            takeOut(entry);
            backOffOrActivate(entry);
        }
    }

    private void backOffOrActivate(Entry entry) {
        long now = clock.nanoTime();
        long ready = entry.queued.sinceNanos() + backoffNanos(entry.queued.attempts());
        if (ready - now <= 0) {
            activate(entry);
        } else {
            entry.dueNanos = ready;
            putInto(entry, Place.BACKOFF);
        }
    }

    /** One second after the first attempt, doubling up to ten. */
    private long backoffNanos(int attempts) {
        if (attempts == 0) {
            return 0;
        }
        long longest = delays.maxBackoff().toNanos();
        long delay = delays.initialBackoff().toNanos();
        for (int i = 1; i < attempts && delay < longest; i++) {
            delay *= 2;
        }
        return Math.min(delay, longest);
    }

    private void activate(Entry entry) {
        takeOut(entry);
        putInto(entry, Place.ACTIVE);
    }

    private void takeOut(Entry entry) {
        switch (entry.place) {
            case ACTIVE -> active.remove(entry);
            case BACKOFF -> backoff.remove(entry);
            case UNSCHEDULABLE -> unschedulable.remove(entry);
            case GATED -> gated--;
            case IN_FLIGHT -> {}
        }
        entry.place = Place.IN_FLIGHT;
    }

    private void putInto(Entry entry, Place place) {
        entry.place = place;
        switch (place) {
            case ACTIVE -> {
                active.add(entry);
                notifyAll();
            }
            case BACKOFF -> {
                backoff.add(entry);
                setTimer();
            }
            case UNSCHEDULABLE -> {
                unschedulable.add(entry);
                setTimer();
            }
            case GATED -> gated++;
            case IN_FLIGHT -> throw new IllegalArgumentException("only taking a pod puts it in flight");
        }
    }

    /** Sees to it that {@link #tick} runs when the next pod is due, and not for each pod that comes later. */
    private void setTimer() {
        long due = Long.MAX_VALUE;
        long now = clock.nanoTime();
        if (!backoff.isEmpty()) {
            due = backoff.first().dueNanos - now;
        }
        if (!unschedulable.isEmpty()) {
            due = Math.min(due, unschedulable.first().dueNanos - now);
        }
        if (due == Long.MAX_VALUE || closed) {
            return;
        }
        if (timer != null) {
            if (timerDueNanos - now <= due) {
                return;
            }
            timer.cancel();
        }
        timerDueNanos = now + Math.max(0, due);
        timer = clock.schedule(Duration.ofNanos(Math.max(0, due)), this::tick);
    }

    private synchronized void tick() {
        timer = null;
        long now = clock.nanoTime();
        while (!backoff.isEmpty() && backoff.first().dueNanos - now <= 0) {
            activate(backoff.first());
        }
        while (!unschedulable.isEmpty() && unschedulable.first().dueNanos - now <= 0) {
            activate(unschedulable.first());
        }
        setTimer();
    }

    public synchronized Sizes sizes() {
        return new Sizes(active.size(), backoff.size(), unschedulable.size(), gated);
    }

    /** Ends every wait; nothing is handed out any more. */
    public synchronized void close() {
        closed = true;
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        notifyAll();
    }
}
