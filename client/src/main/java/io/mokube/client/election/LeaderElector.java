package io.mokube.client.election;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.micrometer.core.instrument.Gauge;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.WriteGuard;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands for election again and again. While it leads, it renews the Lease; when it can't for the renew deadline, it
 * stops leading, before anybody else may begin.
 *
 * <p>Time is measured on this side alone, by a monotonic clock, from before a renewal is sent; the clocks of candidates
 * need not agree. A candidate that is paused and wakes up past its deadline is no leader from its first instruction on:
 * a term's guard looks at the clock, not at a flag that somebody has yet to change.
 *
 * <p>The gauge {@code leader_election_master_status}, named as in Kubernetes, is 1 while it leads and 0 otherwise.
 */
public final class LeaderElector {

    private static final Logger log = LoggerFactory.getLogger(LeaderElector.class);

    private final ElectionConfig config;
    private final LeaseStore leases;
    private final Platform platform;
    private final Clock clock;
    private final Term term;

    /** Held while a term begins or ends, so that the two never overlap. */
    private final Object terms = new Object();

    private volatile boolean leading;
    private volatile long leadsUntil;

    /** Grows with each term; written with {@link #terms} held. */
    private volatile long termNumber;

    private Clock.@Nullable Timer expiry;

    private @Nullable Thread thread;
    private volatile boolean stopped;

    // What was last seen of the Lease, and when; only the elector's thread uses them.
    private String seenVersion = "";
    private String seenHolder = "";
    private long seenAt;
    private Duration seenDuration;
    /** The Lease as this candidate wrote it last; null when somebody else may have written it since. */
    private @Nullable Lease held;

    /** What a leader does. Both methods are called one after the other and never at the same time. */
    public interface Term {

        /**
         * The term begins: start the work and return.
         *
         * @param guard lets writes pass during this term, and never again after it
         */
        void begin(WriteGuard guard);

        /** The term is over: stop all work at once, and return when it has stopped. */
        void end();
    }

    public LeaderElector(ElectionConfig config, ApiClient client, Term term) {
        this(config, LeaseStore.of(client, config.lease()), client.platform(), term);
    }

    LeaderElector(ElectionConfig config, LeaseStore leases, Platform platform, Term term) {
        this.config = config;
        this.leases = leases;
        this.platform = platform;
        this.clock = platform.clock();
        this.term = term;
        this.seenDuration = config.leaseDuration();
        Gauge.builder("leader.election.master.status", this, elector -> elector.isLeader() ? 1 : 0)
                .tag("name", config.lease().name())
                .register(platform.meters());
    }

    /** Begins to stand for election, on a thread of its own. */
    public synchronized void start() {
        if (thread == null) {
            thread = Thread.ofVirtual().name("elector " + config.lease().name()).start(this::run);
        }
    }

    /** Ends the term, if there is one, and gives the Lease back so that another candidate need not wait. */
    public synchronized void stop() {
        if (stopped) {
            return;
        }
        stopped = true;
        boolean led = leading;
        endTerm("the component stops");
        if (thread != null) {
            thread.interrupt();
            try {
                thread.join(Duration.ofSeconds(2));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        if (led) {
            release();
        }
    }

    /** Whether this candidate leads at this moment. */
    public boolean isLeader() {
        return leading && clock.nanoTime() - leadsUntil < 0;
    }

    /** Lets writes pass during one term. Work left over from it stays refused when a later term begins. */
    private WriteGuard guardOf(long number) {
        return () -> {
            if (termNumber != number || !isLeader()) {
                throw new WriteGuard.WriteRefusedException(
                        config.identity() + " does not hold the lease " + config.lease());
            }
        };
    }

    private void run() {
        while (!stopped) {
            attempt();
            try {
                clock.sleep(pause());
            } catch (InterruptedException e) {
                return; // only stop() interrupts this thread
            }
        }
    }

    /** Candidates wait a little longer than leaders and not all the same time, so that they rarely collide. */
    private Duration pause() {
        Duration retry = config.retryPeriod();
        return leading ? retry : retry.plusNanos(platform.random().nextLong(retry.toNanos()));
    }

    /** Renews the Lease, or takes it when it is free. */
    void attempt() {
        long begun = clock.nanoTime();
        try {
            if (hold()) {
                extendTerm(begun);
            } else if (leading) {
                endTerm("another candidate holds the lease");
            }
        } catch (ApiException | ConnectionException e) {
            log.atDebug()
                    .setMessage("the lease was not written")
                    .addKeyValue("lease", config.lease())
                    .addKeyValue("reason", e.getMessage())
                    .log();
        } catch (RuntimeException e) {
            log.atError()
                    .setMessage("standing for election failed")
                    .addKeyValue("lease", config.lease())
                    .setCause(e)
                    .log();
        }
        if (leading && !isLeader()) {
            endTerm("the lease was not renewed in time");
        }
    }

    /** Writes this candidate into the Lease when it may; whether it is the holder now. */
    private boolean hold() {
        Lease mine = held;
        held = null;
        if (mine != null && isLeader()) {
            try {
                write(mine, false, mine.getSpec().getLeaseTransitions());
                return true;
            } catch (ApiException e) {
                // Somebody else wrote the Lease or took it away: look.
                if (!e.isConflict() && !e.isNotFound()) {
                    throw e;
                }
            }
        }
        return take();
    }

    private boolean take() {
        Optional<Lease> found = leases.get();
        if (found.isEmpty()) {
            Lease lease = new LeaseBuilder()
                    .withMetadata(new ObjectMetaBuilder()
                            .withNamespace(config.lease().namespace())
                            .withName(config.lease().name())
                            .build())
                    .withSpec(new LeaseSpec())
                    .build();
            fill(lease.getSpec(), true, 0);
            keep(leases.create(lease));
            return true;
        }
        Lease lease = found.get();
        if (lease.getSpec() == null) {
            lease.setSpec(new LeaseSpec());
        }
        see(lease);
        boolean mine = seenHolder.equals(config.identity());
        boolean expired = clock.nanoTime() - seenAt >= seenDuration.toNanos();
        if (!mine && !seenHolder.isEmpty() && !expired) {
            return false;
        }
        int transitions = Objects.requireNonNullElse(lease.getSpec().getLeaseTransitions(), 0);
        write(lease, !mine, mine ? transitions : transitions + 1);
        return true;
    }

    private void write(Lease lease, boolean acquire, int transitions) {
        fill(lease.getSpec(), acquire, transitions);
        keep(leases.update(lease));
    }

    private void keep(Lease written) {
        see(written);
        held = written;
    }

    private void fill(LeaseSpec spec, boolean acquire, int transitions) {
        ZonedDateTime now = clock.instant().truncatedTo(ChronoUnit.MICROS).atZone(ZoneOffset.UTC);
        spec.setHolderIdentity(config.identity());
        spec.setLeaseDurationSeconds((int) config.leaseDuration().toSeconds());
        spec.setRenewTime(now);
        if (acquire || spec.getAcquireTime() == null) {
            spec.setAcquireTime(now);
        }
        spec.setLeaseTransitions(transitions);
    }

    /** Remembers when the Lease was seen to change: its holder is left alone for the lease's duration from then on. */
    private void see(Lease lease) {
        String version = Objects.requireNonNullElse(lease.getMetadata().getResourceVersion(), "");
        if (!version.equals(seenVersion)) {
            seenVersion = version;
            seenAt = clock.nanoTime();
        }
        LeaseSpec spec = lease.getSpec();
        seenHolder = Objects.requireNonNullElse(spec.getHolderIdentity(), "");
        Integer seconds = spec.getLeaseDurationSeconds();
        seenDuration = seconds == null ? config.leaseDuration() : Duration.ofSeconds(seconds);
    }

    private void extendTerm(long from) {
        synchronized (terms) {
            if (stopped) {
                return;
            }
            leadsUntil = from + config.renewDeadline().toNanos();
            Duration left = Duration.ofNanos(leadsUntil - clock.nanoTime());
            if (!left.isPositive()) {
                return; // the answer took so long that the term is over before it begins
            }
            if (expiry != null) {
                expiry.cancel();
            }
            expiry = clock.schedule(left, this::expire);
            if (!leading) {
                leading = true;
                long number = ++termNumber;
                logTerm("leads", "it holds the lease");
                term.begin(guardOf(number));
            }
        }
    }

    /** The renewal's own thread may hang in a request, so a timer ends the term. */
    private void expire() {
        synchronized (terms) {
            if (leading && !isLeader()) {
                endTerm("the lease was not renewed in time");
            }
        }
    }

    private void endTerm(String reason) {
        synchronized (terms) {
            if (expiry != null) {
                expiry.cancel();
                expiry = null;
            }
            if (leading) {
                leading = false;
                logTerm("leads no more", reason);
                term.end();
            }
        }
    }

    private void release() {
        try {
            Optional<Lease> found = leases.get();
            if (found.isPresent()
                    && config.identity().equals(found.get().getSpec().getHolderIdentity())) {
                Lease lease = found.get();
                Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
                lease.getSpec().setHolderIdentity("");
                lease.getSpec().setLeaseDurationSeconds(1);
                lease.getSpec().setRenewTime(now.atZone(ZoneOffset.UTC));
                leases.update(lease);
            }
        } catch (ApiException | ConnectionException e) {
            log.atInfo()
                    .setMessage("the lease was not given back and will expire")
                    .addKeyValue("lease", config.lease())
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    private void logTerm(String message, String reason) {
        log.atInfo()
                .setMessage(message)
                .addKeyValue("lease", config.lease())
                .addKeyValue("identity", config.identity())
                .addKeyValue("reason", reason)
                .log();
    }
}
