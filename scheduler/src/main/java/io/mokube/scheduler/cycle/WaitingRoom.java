package io.mokube.scheduler.cycle;

import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.framework.WaitingPods;
import io.mokube.scheduler.snapshot.PodInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where pods wait that permit plugins have not let go. There are never more of them than fit on the nodes. */
public final class WaitingRoom implements WaitingPods {

    private static final Duration LONGEST_PATIENCE = Duration.ofMinutes(15);

    private final Clock clock;
    private final Map<String, Ticket> tickets = new LinkedHashMap<>();

    public WaitingRoom(Clock clock) {
        this.clock = clock;
    }

    /**
     * How a wait ended other than well.
     *
     * @param plugin which one gave up; {@code ""} when the wait was broken off
     */
    record Denial(String plugin, String reason) {}

    /** One pod's wait. */
    final class Ticket {

        private final PodInfo pod;
        private final String node;
        private final Set<String> pending;
        private final List<Clock.Timer> timers = new ArrayList<>();
        private boolean over;
        private @Nullable Denial denial;

        private Ticket(PodInfo pod, String node, Set<String> plugins) {
            this.pod = pod;
            this.node = node;
            this.pending = new LinkedHashSet<>(plugins);
        }

        /** Waits for the end; empty when the pod may go. */
        Optional<Denial> await() throws InterruptedException {
            synchronized (WaitingRoom.this) {
                while (!over) {
                    WaitingRoom.this.wait();
                }
                return Optional.ofNullable(denial);
            }
        }
    }

    /**
     * Lets a pod wait.
     *
     * @param patience how long each plugin has to let it go
     */
    synchronized Ticket enter(PodInfo pod, String node, Map<String, Duration> patience) {
        Ticket ticket = new Ticket(pod, node, patience.keySet());
        tickets.put(pod.uid(), ticket);
        patience.forEach((plugin, stated) -> {
            Duration longest = stated.compareTo(LONGEST_PATIENCE) < 0 ? stated : LONGEST_PATIENCE;
            ticket.timers.add(clock.schedule(longest, () -> timeOut(ticket, plugin, longest)));
        });
        return ticket;
    }

    private synchronized void timeOut(Ticket ticket, String plugin, Duration waited) {
        if (!ticket.over && ticket.pending.contains(plugin)) {
            end(
                    ticket,
                    new Denial(
                            plugin,
                            "rejected due to timeout after waiting " + waited.toSeconds() + "s at plugin " + plugin));
        }
    }

    @Override
    public synchronized List<WaitingPod> list() {
        return tickets.values().stream()
                .map(ticket -> new WaitingPod(ticket.pod, ticket.node, ticket.pending))
                .toList();
    }

    @Override
    public synchronized void allow(String uid, String plugin) {
        Ticket ticket = tickets.get(uid);
        if (ticket != null && ticket.pending.remove(plugin) && ticket.pending.isEmpty()) {
            end(ticket, null);
        }
    }

    @Override
    public synchronized void reject(String uid, String plugin, String reason) {
        Ticket ticket = tickets.get(uid);
        if (ticket != null && ticket.pending.contains(plugin)) {
            end(ticket, new Denial(plugin, reason));
        }
    }

    /** Breaks off every wait. */
    synchronized void clear(String reason) {
        for (Ticket ticket : List.copyOf(tickets.values())) {
            end(ticket, new Denial("", reason));
        }
    }

    private void end(Ticket ticket, @Nullable Denial denial) {
        ticket.over = true;
        ticket.denial = denial;
        ticket.timers.forEach(Clock.Timer::cancel);
        tickets.remove(ticket.pod.uid(), ticket);
        notifyAll();
    }
}
