package io.mokube.apiserver.storage.etcd;

import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Leases shared by entries that expire at about the same time, so that a thousand events do not need a thousand leases. An
 * entry may live longer than asked by a twentieth of its time, a minute at most.
 */
final class EtcdLeases {

    private static final int ENTRIES_PER_LEASE = 1_000;
    private static final int FRACTION = 20;
    private static final long LONGEST_SHARING_SECONDS = 60;

    private final Granter granter;
    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, Lease> leases = new HashMap<>();

    EtcdLeases(Granter granter, Clock clock) {
        this.granter = granter;
        this.clock = clock;
    }

    /** Asks etcd for a lease. */
    interface Granter {
        long grant(long seconds);
    }

    /** A lease that lives at least so long; one that was given out before when that fits. */
    long leaseFor(Duration ttl) {
        long seconds = Math.max(1, ttl.plusNanos(999_999_999).toSeconds());
        long sharing = Math.min(LONGEST_SHARING_SECONDS, seconds / FRACTION);
        lock.lock();
        try {
            long now = clock.nanoTime();
            Lease lease = leases.get(seconds);
            if (lease == null || lease.entries >= ENTRIES_PER_LEASE || now - lease.sharedUntilNanos > 0) {
                leases.values().removeIf(old -> now - old.sharedUntilNanos > 0);
                lease = new Lease(
                        granter.grant(seconds + sharing),
                        now + Duration.ofSeconds(sharing).toNanos());
                leases.put(seconds, lease);
            }
            lease.entries++;
            return lease.id;
        } finally {
            lock.unlock();
        }
    }

    /** Gives the lease out no more: etcd does not know it. */
    void forget(long id) {
        lock.lock();
        try {
            leases.values().removeIf(lease -> lease.id == id);
        } finally {
            lock.unlock();
        }
    }

    private static final class Lease {
        final long id;
        final long sharedUntilNanos;
        int entries;

        Lease(long id, long sharedUntilNanos) {
            this.id = id;
            this.sharedUntilNanos = sharedUntilNanos;
        }
    }
}
