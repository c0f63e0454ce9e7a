package io.mokube.testkit;

import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** The machine's time and more, for tests whose other parts live in real time. It sleeps and measures as the machine does. */
public final class LaterClock implements Clock {

    private volatile Duration later = Duration.ZERO;

    /** Has it so much later than the machine's clock from now on. */
    public void later(Duration than) {
        later = than;
    }

    @Override
    public Instant instant() {
        return Clock.system().instant().plus(later);
    }

    @Override
    public long nanoTime() {
        return Clock.system().nanoTime();
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        Clock.system().sleep(duration);
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        return Clock.system().schedule(delay, task);
    }
}
