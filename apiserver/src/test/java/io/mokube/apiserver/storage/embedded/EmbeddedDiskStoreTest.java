package io.mokube.apiserver.storage.embedded;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.KeyValueStoreContract;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.SimulatedClock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;

/** The embedded store on disk does what a store must do. */
class EmbeddedDiskStoreTest extends KeyValueStoreContract {

    private final SimulatedClock clock = new SimulatedClock();

    @TempDir
    private Path folder;

    @Override
    protected KeyValueStore open() {
        return EmbeddedStore.open(
                EmbeddedStoreConfig.at(folder),
                new Platform(clock, new SplittableRandom(1), new SimpleMeterRegistry()));
    }

    @Override
    protected boolean durable() {
        return true;
    }

    @Override
    protected KeyValueStore reopen() {
        store.close();
        return open();
    }

    @Override
    protected void passTwoSeconds() {
        clock.advance(Duration.ofSeconds(2));
    }
}
