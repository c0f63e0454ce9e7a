package io.mokube.apiserver.storage.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.storage.KeyValueStore.CompactedException;
import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Event;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.apiserver.storage.KeyValueStore.Snapshot;
import io.mokube.apiserver.storage.KeyValueStore.Watch;
import io.mokube.apiserver.storage.KeyValueStore.WriteResult;
import io.mokube.apiserver.storage.RecordingListener;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import io.mokube.testkit.SimulatedClock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * Random histories, with the store closed and opened again, and the end of its log torn or followed by rubbish, against a
 * model that keeps every state there ever was.
 */
class EmbeddedStoreModelTest {

    private static final List<String> KEYS = List.of("a", "b", "c", "d");

    sealed interface Step {
        record Put(String key, int size, Guess guess) implements Step {}

        record Delete(String key, Guess guess) implements Step {}

        record Compact(double where) implements Step {}

        record ReadAt(double where) implements Step {}

        record Reopen() implements Step {}

        /** Reopens after the last write's frame was cut short. */
        record Tear(double where) implements Step {}

        /** Reopens after a byte of the last write's frame was changed. */
        record Spoil(double where) implements Step {}

        /** Reopens after rubbish was written behind the end. */
        record Litter(int bytes) implements Step {}
    }

    /** What a write expects: something true or something false. */
    enum Guess {
        ANYTHING,
        ABSENT,
        RIGHT,
        WRONG
    }

    @Provide
    Arbitrary<List<Step>> histories() {
        Arbitrary<String> keys = Arbitraries.of(KEYS);
        Arbitrary<Guess> guesses = Arbitraries.of(Guess.class);
        Arbitrary<Double> places = Arbitraries.doubles().between(0, 1);
        Arbitrary<Step> puts = Combinators.combine(keys, Arbitraries.integers().between(0, 300), guesses)
                .as(Step.Put::new);
        Arbitrary<Step> deletes = Combinators.combine(keys, guesses).as(Step.Delete::new);
        return Arbitraries.frequencyOf(
                        Tuple.of(12, puts),
                        Tuple.of(5, deletes),
                        Tuple.of(1, places.map(Step.Compact::new)),
                        Tuple.of(2, places.map(Step.ReadAt::new)),
                        Tuple.of(1, Arbitraries.just(new Step.Reopen())),
                        Tuple.of(1, places.map(Step.Tear::new)),
                        Tuple.of(1, places.map(Step.Spoil::new)),
                        Tuple.of(1, Arbitraries.integers().between(1, 100).map(Step.Litter::new)))
                .list()
                .ofMaxSize(60);
    }

    @Property(tries = 150, shrinking = ShrinkingMode.BOUNDED)
    void aStoreDoesWhatItsModelDoes(@ForAll("histories") List<Step> history) throws IOException {
        Path folder = Files.createTempDirectory("mokube-model-");
        try (Run run = new Run(folder)) {
            for (Step step : history) {
                run.take(step);
                run.checkNow();
            }
            run.checkWatch();
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static final class Run implements AutoCloseable {

        private final Path folder;
        private final SimulatedClock clock = new SimulatedClock();
        private final SplittableRandom random = new SplittableRandom(7);
        /** The state at each revision; the store starts empty at revision 1. */
        private final List<NavigableMap<String, Entry>> states = new ArrayList<>();

        private EmbeddedStore store;
        private long compacted;
        /** The last log and its length before the write that came last, when that write may still be taken back. */
        private @Nullable Path lastLog;

        private long lengthBefore;

        Run(Path folder) {
            this.folder = folder;
            states.add(new TreeMap<>());
            states.add(new TreeMap<>());
            store = open();
        }

        void take(Step step) throws IOException {
            switch (step) {
                case Step.Put(String key, int size, Guess guess) -> put(key, size, guess);
                case Step.Delete(String key, Guess guess) -> delete(key, guess);
                case Step.Compact(double where) -> compact(revisionAt(where));
                case Step.ReadAt(double where) -> readAt(revisionAt(where));
                case Step.Reopen() -> reopen();
                case Step.Tear(double where) -> tear(where);
                case Step.Spoil(double where) -> spoil(where);
                case Step.Litter(int bytes) -> litter(bytes);
            }
        }

        private void put(String key, int size, Guess guess) throws IOException {
            byte[] value = new byte[size];
            random.nextBytes(value);
            Entry actual = now().get(key);
            noteLog();
            WriteResult result = store.put(key, value, expect(guess, actual), null);
            if (!holds(guess, actual)) {
                assertConflict(result, actual);
                return;
            }
            long revision = revision() + 1;
            assertThat(result).isEqualTo(new WriteResult.Written(revision, null));
            NavigableMap<String, Entry> next = new TreeMap<>(now());
            next.put(key, new Entry(key, value, actual == null ? revision : actual.createRevision(), revision));
            states.add(next);
        }

        private void delete(String key, Guess guess) throws IOException {
            Entry actual = now().get(key);
            noteLog();
            WriteResult result = store.delete(key, expect(guess, actual));
            if (!holds(guess, actual)) {
                assertConflict(result, actual);
                return;
            }
            if (actual == null) {
                lastLog = null;
                assertThat(result).isEqualTo(new WriteResult.Written(revision(), null));
                return;
            }
            assertThat(result).isInstanceOfSatisfying(WriteResult.Written.class, written -> {
                assertThat(written.revision()).isEqualTo(revision() + 1);
                assertSame(written.previous(), actual);
            });
            NavigableMap<String, Entry> next = new TreeMap<>(now());
            next.remove(key);
            states.add(next);
        }

        private void compact(long revision) {
            lastLog = null;
            try {
                store.compact(revision);
                assertThat(revision).isGreaterThan(compacted);
                compacted = revision;
            } catch (CompactedException e) {
                compacted = e.compactRevision();
                assertThat(revision).isLessThanOrEqualTo(compacted);
            }
        }

        private void readAt(long revision) {
            try {
                Snapshot read = store.range("", "~", revision, 0);
                assertThat(revision).isGreaterThanOrEqualTo(compacted);
                assertState(read, states.get((int) revision));
            } catch (CompactedException e) {
                assertThat(e.compactRevision()).isEqualTo(compacted).isGreaterThan(revision);
            }
        }

        private void reopen() {
            store.close();
            store = open();
            learnCompaction();
            lastLog = null;
        }

        private void tear(double where) throws IOException {
            store.close();
            Path log = lastLog;
            if (log != null && log.equals(newestLog()) && Files.size(log) > lengthBefore) {
                long frame = Files.size(log) - lengthBefore;
                try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
                    channel.truncate(lengthBefore + (long) (where * (frame - 1)));
                }
                states.removeLast();
            }
            reopen();
        }

        private void spoil(double where) throws IOException {
            store.close();
            Path log = lastLog;
            if (log != null && log.equals(newestLog()) && Files.size(log) > lengthBefore) {
                byte[] bytes = Files.readAllBytes(log);
                bytes[(int) (lengthBefore + (long) (where * (bytes.length - lengthBefore - 1)))] ^= 0x5a;
                Files.write(log, bytes);
                states.removeLast();
            }
            reopen();
        }

        private void litter(int count) throws IOException {
            store.close();
            byte[] rubbish = new byte[count];
            random.nextBytes(rubbish);
            Files.write(newestLog(), rubbish, StandardOpenOption.APPEND);
            reopen();
        }

        void checkNow() {
            assertThat(store.currentRevision()).isEqualTo(revision());
            Snapshot read = store.range("", "~", 0, 0);
            assertThat(read.revision()).isEqualTo(revision());
            assertState(read, now());
        }

        /** Everything since the oldest revision that can be watched from, played back, makes the present. */
        void checkWatch() {
            long from = Math.max(1, compacted);
            RecordingListener listener = new RecordingListener();
            NavigableMap<String, Entry> replayed = new TreeMap<>(states.get((int) from));
            try (Watch watch = store.watch("", "~", from, listener)) {
                Await.until("all events", () -> listener.seen() >= revision() || revision() == from);
            }
            listener.events().forEach(event -> {
                switch (event) {
                    case Event.Put put -> replayed.put(put.entry().key(), put.entry());
                    case Event.Deleted deleted -> replayed.remove(deleted.key());
                }
            });
            assertThat(listener.revisions())
                    .isEqualTo(
                            LongStream.rangeClosed(from + 1, revision()).boxed().toList());
            assertThat(replayed.keySet()).isEqualTo(now().keySet());
            replayed.forEach((key, entry) -> assertSame(entry, now().get(key)));
        }

        @Override
        public void close() {
            store.close();
        }

        private EmbeddedStore open() {
            EmbeddedStoreConfig config = EmbeddedStoreConfig.at(folder);
            // Snapshots after little more than a kilobyte of log.
            return EmbeddedStore.open(
                    new EmbeddedStoreConfig(
                            folder,
                            config.maxValueBytes(),
                            Duration.ofMinutes(5),
                            config.historyEvents(),
                            config.historyBytes(),
                            1_200),
                    new Platform(clock, random, new SimpleMeterRegistry()));
        }

        /** A snapshot may have taken the place of history, which only opening shows. */
        private void learnCompaction() {
            long low = compacted;
            while (low < revision()) {
                try {
                    store.get("a", Math.max(1, low));
                    break;
                } catch (CompactedException e) {
                    low = e.compactRevision();
                }
            }
            compacted = low;
        }

        private void noteLog() throws IOException {
            lastLog = newestLog();
            lengthBefore = Files.size(lastLog);
        }

        private Path newestLog() throws IOException {
            try (Stream<Path> files = Files.list(folder)) {
                return files.filter(file -> file.getFileName().toString().startsWith("log-"))
                        .max(Comparator.comparingLong(file ->
                                Long.parseLong(file.getFileName().toString().substring(4))))
                        .orElseThrow();
            }
        }

        private long revision() {
            return states.size() - 1L;
        }

        private NavigableMap<String, Entry> now() {
            return states.getLast();
        }

        private long revisionAt(double where) {
            return 1 + (long) (where * (revision() - 1));
        }

        private void assertConflict(WriteResult result, @Nullable Entry actual) {
            lastLog = null;
            assertThat(result).isInstanceOfSatisfying(WriteResult.Conflict.class, conflict -> {
                assertThat(conflict.revision()).isEqualTo(revision());
                assertSame(conflict.actual(), actual);
            });
        }
    }

    private static Expect expect(Guess guess, @Nullable Entry actual) {
        long revision = actual == null ? 999 : actual.modRevision();
        return switch (guess) {
            case ANYTHING -> Expect.ANYTHING;
            case ABSENT -> Expect.ABSENT;
            case RIGHT -> Expect.at(revision);
            case WRONG -> Expect.at(revision + 1);
        };
    }

    private static boolean holds(Guess guess, @Nullable Entry actual) {
        return switch (guess) {
            case ANYTHING -> true;
            case ABSENT -> actual == null;
            case RIGHT -> actual != null;
            case WRONG -> false;
        };
    }

    private static void assertState(Snapshot read, NavigableMap<String, Entry> expected) {
        assertThat(read.entries().stream().map(Entry::key)).containsExactlyElementsOf(expected.keySet());
        read.entries().forEach(entry -> assertSame(entry, expected.get(entry.key())));
    }

    private static void assertSame(@Nullable Entry entry, @Nullable Entry expected) {
        if (entry == null || expected == null) {
            assertThat(entry).isEqualTo(expected);
            return;
        }
        assertThat(text(entry)).isEqualTo(text(expected));
    }

    private static String text(Entry entry) {
        return "%s %d %d %s"
                .formatted(entry.key(), entry.createRevision(), entry.modRevision(), Arrays.hashCode(entry.value()));
    }
}
