package io.mokube.apiserver.storage.embedded;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.KeyValueStoreContract;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.util.SplittableRandom;

/** The embedded store without a disk does what a store must do. */
class EmbeddedMemoryStoreTest extends KeyValueStoreContract {

    private final SimulatedClock clock = new SimulatedClock();

    @Override
    protected KeyValueStore open() {
        return EmbeddedStore.open(
                EmbeddedStoreConfig.inMemory(),
                new Platform(clock, new SplittableRandom(1), new SimpleMeterRegistry()));
    }

    @Override
    protected boolean durable() {
        return false;
    }

    @Override
    protected KeyValueStore reopen() {
        throw new UnsupportedOperationException();
    }

    @Override
    protected void passTwoSeconds() {
        clock.advance(Duration.ofSeconds(2));
    }
}
