package io.mokube.apiserver.http;

import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.coyote.http2.Http2Protocol;

/**
 * HTTP/2 that bears what Kubernetes' clients do and still cuts floods off.
 *
 * <p>Tomcat keeps an account for each connection: frames of requests and answers earn 20 points, pings and resets cost some,
 * and a connection in debt is closed. By its own prices that is the end of a client-go that pings a silent watch for five
 * minutes, and of one that ends some watches before their first event. Here pings and resets cost nothing as long as the
 * whole server sees few of them in a second.
 */
final class PatientHttp2 extends Http2Protocol {

    private static final int PRICE_OF_PING = 10;
    private static final int PRICE_OF_RESET = 50;
    private static final int FREE_IN_A_SECOND = 2000;

    private final Rate pings;
    private final Rate resets;

    PatientHttp2(Clock clock) {
        pings = new Rate(clock);
        resets = new Rate(clock);
        // Short frames are how a body ends at the edge of a window, not an attack.
        setOverheadDataThreshold(0);
        setOverheadWindowUpdateThreshold(0);
        // A request whose stream broke off must never be another's.
        setDiscardRequestsAndResponses(true);
    }

    /** Asked for at each ping, and once by each new connection. */
    @Override
    public int getOverheadCountFactor() {
        return pings.isHigh() ? PRICE_OF_PING : 0;
    }

    /** Asked for at each reset. */
    @Override
    public int getOverheadResetFactor() {
        return resets.isHigh() ? PRICE_OF_RESET : 0;
    }

    /** Counts what happens in each second. */
    private static final class Rate {

        private final Clock clock;
        private final AtomicLong begun;
        private final AtomicLong count = new AtomicLong();

        Rate(Clock clock) {
            this.clock = clock;
            this.begun = new AtomicLong(clock.nanoTime());
        }

        /** Counts one more; whether there are too many. */
        boolean isHigh() {
            long now = clock.nanoTime();
            long second = begun.get();
            if (now - second > Duration.ofSeconds(1).toNanos() && begun.compareAndSet(second, now)) {
                count.set(0);
            }
            return count.incrementAndGet() > FREE_IN_A_SECOND;
        }
    }
}
