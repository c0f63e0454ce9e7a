package io.mokube.apiserver.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.storage.KeyValueStore.Event;
import io.mokube.apiserver.storage.KeyValueStore.WatchEnd;
import io.mokube.apiserver.storage.KeyValueStore.WatchListener;
import io.mokube.testkit.Await;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Remembers what a watch told, as lines like {@code put a=1 @2} and {@code delete a @3}. */
public final class RecordingListener implements WatchListener {

    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final List<WatchEnd> ends = new CopyOnWriteArrayList<>();
    private final AtomicLong seen = new AtomicLong();

    @Override
    public void onEvents(List<Event> told, long revision) {
        assertThat(ends).as("nothing after the end").isEmpty();
        assertThat(told).isNotEmpty();
        assertThat(told.getLast().revision()).isLessThanOrEqualTo(revision);
        events.addAll(told);
        seen.set(revision);
    }

    @Override
    public void onProgress(long revision) {
        assertThat(ends).as("nothing after the end").isEmpty();
        assertThat(revision).as("progress only grows").isGreaterThanOrEqualTo(seen.get());
        seen.set(revision);
    }

    @Override
    public void onEnd(WatchEnd reason) {
        ends.add(reason);
    }

    public List<Event> events() {
        return events;
    }

    /** The revision up to which everything was told. */
    public long seen() {
        return seen.get();
    }

    public List<String> lines() {
        return events.stream().map(RecordingListener::line).toList();
    }

    public List<Long> revisions() {
        return events.stream().map(Event::revision).toList();
    }

    public void awaitLines(String... lines) {
        Await.until("events " + List.of(lines) + ", last seen " + lines(), () -> lines().size() >= lines.length);
        assertThat(lines()).containsExactly(lines);
    }

    public WatchEnd awaitEnd() {
        Await.until("the watch to end", () -> !ends.isEmpty());
        assertThat(ends).hasSize(1);
        return ends.getFirst();
    }

    public List<WatchEnd> ends() {
        return ends;
    }

    private static String line(Event event) {
        return switch (event) {
            case Event.Put put ->
                "put %s=%s @%d"
                        .formatted(
                                put.entry().key(),
                                new String(put.entry().value(), StandardCharsets.UTF_8),
                                put.revision());
            case Event.Deleted deleted -> "delete %s @%d".formatted(deleted.key(), deleted.revision());
        };
    }
}
