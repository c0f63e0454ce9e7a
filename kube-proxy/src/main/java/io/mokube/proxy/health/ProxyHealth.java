package io.mokube.proxy.health;

import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Whether rules follow changes in time. The proxy is healthy until a change waits for longer than the timeout. Safe for
 * use by many threads.
 */
public final class ProxyHealth {

    private final Clock clock;
    private final Duration timeout;
    private @Nullable Long waitingSince;
    private Instant lastUpdated;
    private boolean nodeEligible = true;

    public ProxyHealth(Clock clock, Duration timeout) {
        this.clock = clock;
        this.timeout = timeout;
        lastUpdated = clock.instant();
    }

    /** A change waits to be applied. */
    public synchronized void queued() {
        if (waitingSince == null) {
            waitingSince = clock.nanoTime();
        }
    }

    /** Everything known was applied. */
    public synchronized void updated() {
        waitingSince = null;
        lastUpdated = clock.instant();
    }

    /** Whether load balancers may send to this node: not when it is about to go. */
    public synchronized void setNodeEligible(boolean eligible) {
        nodeEligible = eligible;
    }

    /** Whether the proxy keeps up. */
    public synchronized boolean isHealthy() {
        Long since = waitingSince;
        return since == null || clock.nanoTime() - since < timeout.toNanos();
    }

    synchronized boolean isNodeEligible() {
        return nodeEligible;
    }

    /** When everything known was applied; now for a proxy that keeps up. */
    synchronized Instant lastUpdated() {
        return isHealthy() ? clock.instant() : lastUpdated;
    }

    Instant now() {
        return clock.instant();
    }
}
