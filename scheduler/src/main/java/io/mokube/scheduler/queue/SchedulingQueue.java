package io.mokube.scheduler.queue;

import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.EnqueuePlugin;
import io.mokube.scheduler.framework.Profiles;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The pods that want a node. A pod is in one of five places: <em>active</em> (ready, highest priority first, then longest
 * waiting), <em>in flight</em> (taken and being decided on), <em>back-off</em> (will be ready after a delay that doubles
 * with each attempt), <em>unschedulable</em> (waits for a change that could turn its rejection around, and is tried
 * again after five minutes anyway), or <em>gated</em> (a plugin lets nobody consider it, until the pod changes or what
 * that plugin waits for happens).
 *
 * <p>A change that happens while a pod is in flight is not lost on it: rejected for a reason which that change could have
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
        /** The events after which it is looked at again, while it is unschedulable or gated. */
        Set<ClusterEvent> wokenBy = Set.of();

        Entry(QueuedPod queued, Place place) {
            this.queued = queued;
            this.place = place;
        }
    }

    /** How many changes are remembered for pods in flight; a pod that missed older ones is tried again. */
    private static final int MOST_CHANGES_KEPT = 10_000;

    private static final Comparator<Entry> SOONEST_FIRST = Comparator.comparingLong((Entry entry) -> entry.dueNanos)
            .thenComparing(entry -> entry.queued.pod().uid());

    private final Clock clock;
    private final Delays delays;
    private final Profiles profiles;
    private final Supplier<Snapshot> cluster;

    private final Map<String, Entry> entries = new HashMap<>();
    private final TreeSet<Entry> active;
    private final TreeSet<Entry> backoff = new TreeSet<>(SOONEST_FIRST);
    private final TreeSet<Entry> unschedulable = new TreeSet<>(SOONEST_FIRST);
    /** The unschedulable and gated ones by the events that wake them: most events are nothing to most pods. */
    private final Map<ClusterEvent, Set<Entry>> waitingFor = new EnumMap<>(ClusterEvent.class);

    private int gated;
    private int inFlight;

    private long changes;
    /** The latest changes, as long as a pod is in flight that may not have seen them. */
    private final ArrayDeque<ClusterChange> missable = new ArrayDeque<>();

    private Clock.@Nullable Timer timer;
    private long timerDueNanos;
    private boolean closed;

    /**
     * A queue.
     *
     * @param profiles say which pod comes first, which must not be considered, and what could unblock one
     * @param cluster the cluster as it is known now; asked under the queue's lock
     */
    public SchedulingQueue(Clock clock, Delays delays, Profiles profiles, Supplier<Snapshot> cluster) {
        this.clock = clock;
        this.delays = delays;
        this.profiles = profiles;
        this.cluster = cluster;
        this.active = new TreeSet<>(Comparator.comparing(
                        (Entry entry) -> entry.queued, profiles.queueSort().order())
                .thenComparing(entry -> entry.queued.pod().createdAt())
                .thenComparing(entry -> entry.queued.pod().uid()));
    }

    /** Takes in a pod without a node, new or changed. */
    public synchronized void put(PodInfo pod) {
        Entry entry = entries.get(pod.uid());
        if (entry == null) {
            long now = clock.nanoTime();
            entry = new Entry(new QueuedPod(pod, 0, now, now, changes, Set.of()), Place.GATED);
            entries.put(pod.uid(), entry);
            putInto(entry, heldBack(entry) ? Place.GATED : Place.ACTIVE);
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
                if (heldBack(entry)) {
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

    /** Whether a plugin holds the pod back; and then notes which. */
    private boolean heldBack(Entry entry) {
        Optional<EnqueuePlugin> plugin = profiles.heldBackBy(entry.queued.pod(), cluster);
        plugin.ifPresent(by -> entry.queued = entry.queued.rejected(Set.of(by.name())));
        return plugin.isPresent();
    }

    /** Whether a pod changed in anything that decisions look at; its own status is nothing of that kind. */
    private static boolean differs(PodInfo old, PodInfo changed) {
        return !old.nominatedTo("").equals(changed.nominatedTo(""));
    }

    /** Drops a pod that is gone, or has a node. */
    public synchronized void remove(String uid) {
        Entry entry = entries.remove(uid);
        if (entry != null) {
            release(entry);
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
        inFlight++;
        entry.queued = entry.queued.taken(changes);
        return Optional.of(entry.queued);
    }

    /** The pod in flight needs nothing more: it was bound, or must not be scheduled. */
    public synchronized void done(String uid) {
        remove(uid);
    }

    /**
     * The pod in flight fits nowhere now.
     *
     * @param plugins those that rejected it; what they wait for makes another try worth while
     */
    public synchronized void rejected(QueuedPod taken, Set<String> plugins) {
        Entry entry = landed(taken);
        if (entry == null) {
            return;
        }
        boolean missed = missed(taken, plugins);
        release(entry);
        boolean changed = applyChange(entry);
        long now = clock.nanoTime();
        entry.queued = entry.queued.rejected(plugins).since(now);
        entry.dueNanos = now + delays.maxUnschedulable().toNanos();
        if (heldBack(entry)) {
            putInto(entry, Place.GATED);
        } else if (missed || changed) {
            backOffOrActivate(entry);
        } else {
            putInto(entry, Place.UNSCHEDULABLE);
        }
    }

    /** Whether something happened, since the pod was taken, that could have removed what these plugins have against it. */
    private boolean missed(QueuedPod taken, Set<String> plugins) {
        long since = changes - taken.takenAtChange();
        if (since > missable.size()) {
            return true;
        }
        Iterator<ClusterChange> latestFirst = missable.descendingIterator();
        for (long i = 0; i < since; i++) {
            if (wakes(latestFirst.next(), taken.pod(), plugins)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a change is worth another try of a pod. Giving back what was assumed for a pod does not help that pod. */
    private boolean wakes(ClusterChange change, PodInfo pod, Set<String> plugins) {
        boolean ofItself =
                change.before() instanceof PodInfo other && other.uid().equals(pod.uid());
        return !ofItself && profiles.mayUnblock(pod, plugins, change);
    }

    /** An entry leaves flight. */
    private void release(Entry entry) {
        if (entry.place == Place.IN_FLIGHT && --inFlight == 0) {
            missable.clear();
        }
    }

    /** The attempt failed for a reason that is not the pod's: it is tried again after its back-off. */
    public synchronized void failed(QueuedPod taken) {
        Entry entry = landed(taken);
        if (entry == null) {
            return;
        }
        release(entry);
        applyChange(entry);
        entry.queued = entry.queued.since(clock.nanoTime());
        if (heldBack(entry)) {
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

    /** A pod that waits for something to happen is worth another try for a reason of its own. */
    public synchronized void retry(String uid) {
        Entry entry = entries.get(uid);
        if (entry != null && entry.place == Place.UNSCHEDULABLE) {
            takeOut(entry);
            backOffOrActivate(entry);
        }
    }

    /** Something happened in the cluster: pods that it could help are tried again, after their back-off. */
    public synchronized void happened(ClusterChange change) {
        changes++;
        if (inFlight > 0) {
            if (missable.size() == MOST_CHANGES_KEPT) {
                missable.removeFirst();
            }
            missable.addLast(change);
        }
        List<Entry> woken = new ArrayList<>();
        for (Entry entry : waitingFor.getOrDefault(change.event(), Set.of())) {
            if (wakes(change, entry.queued.pod(), entry.queued.rejectedBy())) {
                woken.add(entry);
            }
        }
        for (Entry entry : woken) {
            boolean wasGated = entry.place == Place.GATED;
            takeOut(entry);
            if (!wasGated) {
                backOffOrActivate(entry);
            } else {
                putInto(entry, heldBack(entry) ? Place.GATED : Place.ACTIVE);
            }
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
            case UNSCHEDULABLE -> {
                unschedulable.remove(entry);
                forgetEvents(entry);
            }
            case GATED -> {
                gated--;
                forgetEvents(entry);
            }
            case IN_FLIGHT -> {}
        }
        entry.place = Place.IN_FLIGHT;
    }

    private void waitForEvents(Entry entry) {
        entry.wokenBy = profiles.unblockedBy(entry.queued.pod(), entry.queued.rejectedBy());
        for (ClusterEvent event : entry.wokenBy) {
            waitingFor.computeIfAbsent(event, first -> new LinkedHashSet<>()).add(entry);
        }
    }

    private void forgetEvents(Entry entry) {
        for (ClusterEvent event : entry.wokenBy) {
            waitingFor.getOrDefault(event, Set.of()).remove(entry);
        }
        entry.wokenBy = Set.of();
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
                waitForEvents(entry);
                setTimer();
            }
            case GATED -> {
                gated++;
                waitForEvents(entry);
            }
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
