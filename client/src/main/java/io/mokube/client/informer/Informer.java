package io.mokube.client.informer;

import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ListResult;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.client.rest.Watch;
import io.mokube.client.rest.WatchEvent;
import io.mokube.client.rest.WatchOptions;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a copy of a resource's objects: lists them once, consistently, and follows a watch from there.
 *
 * <p>The store never goes back in time: events that are repeated or older than what it holds are dropped, and a list
 * older than what was seen is refused. A cut watch goes on from the last version seen; only when the server no longer has
 * that version does the informer list again. Errors are retried for ever, with growing, jittered pauses.
 */
public final class Informer<T> implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Informer.class);

    /** A server that knows watch lists is never silent for so long in the middle of one. */
    private static final Duration WATCH_LIST_SILENCE = Duration.ofSeconds(10);

    private static final Duration A_WHILE = Duration.ofSeconds(1);

    /** After so many answers from the past in a row, the store was restored or replaced: its history is the one. */
    private static final int STALE_ANSWERS_BELIEVED = 10;

    private final ResourceClient<T> client;
    private final ResourceType<T> type;
    private final Selection selection;
    private final Platform platform;
    private final Store<T> store;
    private final Backoff backoff;
    private final Object changes = new Object();

    /** Those who wait for {@link #synced}; used with {@link #changes} held. */
    private final List<CountDownLatch> waiting = new ArrayList<>();

    private final List<Handler<? super T>> handlers = new ArrayList<>();
    private UnaryOperator<T> transform = UnaryOperator.identity();

    private boolean optional;
    private volatile boolean synced;
    private volatile boolean closed;
    private @Nullable Thread thread;
    private volatile @Nullable Watch<T> watch;

    /** The version up to which everything was seen, -1 when a list is needed. Only the informer's thread writes it. */
    private volatile long version = -1;

    /** The newest version ever seen; unlike {@link #version} it survives a 410. */
    private long newest = -1;

    /** Since when the server has answered the present watch; only the informer's thread uses it. */
    private @Nullable Long servedSince;

    private int staleAnswers;
    private boolean watchLists = true;

    /** An informer that has not started; {@link InformerFactory} shares one between several users. */
    public Informer(ResourceClient<T> client, Selection selection, Platform platform) {
        this.client = client;
        this.type = client.type();
        this.selection = selection;
        this.platform = platform;
        this.store = new Store<>(type);
        this.backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(30), platform.random());
    }

    public ResourceType<T> type() {
        return type;
    }

    public Store<T> store() {
        return store;
    }

    /** Files objects under the values that a function gives them. An index of a name that exists already is kept. */
    public void addIndex(String name, Function<? super T, ? extends Collection<String>> values) {
        synchronized (changes) {
            store.addIndex(name, values);
        }
    }

    /** Changes every object before it is stored, to drop what nobody reads. To be set before the start. */
    public void setTransform(UnaryOperator<T> change) {
        transform = change;
    }

    /**
     * A server that does not have this resource counts as one without objects: the informer is synced then, and asks again
     * now and then, because the resource may come later. To be set before the start.
     */
    public void setOptional() {
        optional = true;
    }

    /** Adds a handler, which is first told about each object already there. */
    public void addHandler(Handler<? super T> handler) {
        synchronized (changes) {
            handlers.add(handler);
            for (T object : store.list()) {
                tell(handler, each -> each.added(object));
            }
        }
    }

    /** Begins to list and watch, on a thread of its own. Calling it again does nothing. */
    public void start() {
        synchronized (changes) {
            if (thread == null && !closed) {
                thread = Thread.ofVirtual().name("informer " + type).start(this::run);
            }
        }
    }

    /** Whether the first list is in the store and every handler was told about it. */
    public boolean hasSynced() {
        return synced;
    }

    /** Waits until {@link #hasSynced}; false when it has not by then. */
    public boolean awaitSynced(Duration timeout) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        synchronized (changes) {
            if (synced || !timeout.isPositive()) {
                return synced;
            }
            waiting.add(over);
        }
        Clock.Timer timer = platform.clock().schedule(timeout, over::countDown);
        try {
            over.await();
        } finally {
            timer.cancel();
            synchronized (changes) {
                waiting.remove(over);
            }
        }
        return synced;
    }

    /** The version up to which the store holds everything, -1 before the first list. */
    public long version() {
        return version;
    }

    /** Ends the watch. The store keeps what it holds; no handler is called after this returned on another thread. */
    @Override
    public void close() {
        Thread running;
        synchronized (changes) {
            closed = true;
            running = thread;
        }
        Watch<T> open = watch;
        if (open != null) {
            open.close();
        }
        if (running != null) {
            running.interrupt();
        }
    }

    private void run() {
        while (!closed) {
            try {
                if (version < 0) {
                    fill();
                } else {
                    resume();
                }
                if (!wasServedForAWhile()) {
                    pause("the watch ended at once");
                }
            } catch (ApiException e) {
                if (e.code() == 410) {
                    version = -1;
                } else if (e.isNotFound() && optional) {
                    markSynced();
                }
                pause(e.getMessage());
            } catch (StaleAnswerException | ConnectionException e) {
                pause(e.getMessage());
            } catch (RuntimeException e) {
                log.atError()
                        .setMessage("an informer failed")
                        .addKeyValue("resource", type)
                        .setCause(e)
                        .log();
                pause("a bug");
            }
        }
    }

    /** A server that kept a watch open for a while is well, even if it had nothing to say: what it ended may go on. */
    private boolean wasServedForAWhile() {
        Long since = servedSince;
        return since != null && platform.clock().nanoTime() - since >= A_WHILE.toNanos();
    }

    private void pause(@Nullable String reason) {
        if (closed) {
            return;
        }
        if (wasServedForAWhile()) {
            backoff.reset();
        }
        servedSince = null;
        Duration pause = backoff.next();
        log.atDebug()
                .setMessage("listing or watching goes on after a pause")
                .addKeyValue("resource", type)
                .addKeyValue("reason", reason)
                .addKeyValue("pause", pause)
                .log();
        try {
            platform.clock().sleep(pause);
        } catch (InterruptedException e) {
            closed = true; // only close() interrupts this thread
        }
    }

    /** Gets everything, by a watch list where the server has it, and follows on. */
    private void fill() {
        if (watchLists) {
            try {
                fillByWatch();
                return;
            } catch (ApiException e) {
                if (e.code() != 400 && e.code() != 422) {
                    throw e;
                }
                watchLists = false; // the server does not know the parameter, or has it switched off
            }
        }
        ListOptions options = ListOptions.ALL.withLabels(selection.labels()).withFields(selection.fields());
        ListResult<T> list = client.list(selection.namespace(), options);
        replace(list.items(), number(list.resourceVersion()));
        resume();
    }

    private void fillByWatch() {
        WatchOptions options = watchOptions("").withInitialEvents().withIdleTimeout(WATCH_LIST_SILENCE);
        try (Watch<T> open = open(options)) {
            Map<ObjectKey, T> objects = new LinkedHashMap<>();
            while (true) {
                WatchEvent<T> event;
                try {
                    event = open.next();
                } catch (ConnectionException e) {
                    // A server that ignores the parameter never says that the initial events are over. The next
                    // attempt is a plain list, which every server has; a mere cut costs no more than that.
                    watchLists = !open.wasIdle();
                    throw e;
                }
                switch (event) {
                    case null -> throw new ConnectionException("the watch list of " + type + " was cut");
                    case WatchEvent.Added<T>(T object) -> objects.put(type.key(object), object);
                    case WatchEvent.Modified<T>(T object) -> objects.put(type.key(object), object);
                    case WatchEvent.Deleted<T>(T object) -> objects.remove(type.key(object));
                    case WatchEvent.Failed<T>(Status status) -> throw new ApiException(status);
                    case WatchEvent.Bookmark<T>(String at, boolean complete) -> {
                        if (complete) {
                            replace(objects.values(), number(at));
                            open.setIdleTimeout(watchOptions("").idleTimeout());
                            follow(open);
                            return;
                        }
                    }
                }
            }
        }
    }

    private void resume() {
        try (Watch<T> open = open(watchOptions(Long.toString(version)))) {
            follow(open);
        }
    }

    private Watch<T> open(WatchOptions options) {
        servedSince = null;
        Watch<T> open = client.watch(selection.namespace(), options);
        servedSince = platform.clock().nanoTime();
        watch = open;
        if (closed) {
            open.close();
        }
        return open;
    }

    private WatchOptions watchOptions(String from) {
        // Between five and ten minutes, so that the watches of many informers do not end together.
        Duration timeout = Duration.ofSeconds(300 + platform.random().nextInt(300));
        return WatchOptions.from(from)
                .withLabels(selection.labels())
                .withFields(selection.fields())
                .withTimeout(timeout);
    }

    private void follow(Watch<T> open) {
        WatchEvent<T> event;
        while (!closed && (event = open.next()) != null) {
            switch (event) {
                case WatchEvent.Added<T>(T object) -> change(object, false);
                case WatchEvent.Modified<T>(T object) -> change(object, false);
                case WatchEvent.Deleted<T>(T object) -> change(object, true);
                case WatchEvent.Bookmark<T>(String at, boolean complete) -> advance(number(at));
                case WatchEvent.Failed<T>(Status status) -> throw new ApiException(status);
            }
            backoff.reset();
        }
    }

    private void advance(long to) {
        if (to > version) {
            version = to;
            newest = Math.max(newest, to);
        }
    }

    /** Applies one event of a watch, unless the store is already past it. */
    private void change(T object, boolean gone) {
        long at = number(type.resourceVersion(object));
        if (at <= version) {
            return;
        }
        synchronized (changes) {
            if (closed) {
                return;
            }
            if (gone) {
                drop(type.key(object), object);
            } else {
                put(object);
            }
        }
        advance(at);
    }

    /** Makes the store hold exactly these objects. */
    private void replace(Collection<T> objects, long at) {
        if (at < newest && ++staleAnswers < STALE_ANSWERS_BELIEVED) {
            throw new StaleAnswerException("the list of " + type + " is of version " + at + ", older than " + newest);
        }
        if (at < newest) {
            log.atWarn()
                    .setMessage("the server's versions went back, so its store was replaced")
                    .addKeyValue("resource", type)
                    .addKeyValue("seen", newest)
                    .addKeyValue("now", at)
                    .log();
        }
        staleAnswers = 0;
        synchronized (changes) {
            if (closed) {
                return;
            }
            Map<ObjectKey, T> wanted = LinkedHashMap.newLinkedHashMap(objects.size());
            objects.forEach(object -> wanted.put(type.key(object), object));
            for (ObjectKey key : store.keys()) {
                if (!wanted.containsKey(key)) {
                    drop(key, null);
                }
            }
            wanted.forEach((key, object) -> {
                T known = store.get(key).orElse(null);
                if (known == null || !type.resourceVersion(known).equals(type.resourceVersion(object))) {
                    put(object);
                }
            });
        }
        version = at;
        newest = at;
        markSynced();
    }

    private void markSynced() {
        synchronized (changes) {
            synced = true;
            waiting.forEach(CountDownLatch::countDown);
        }
    }

    private void put(T received) {
        T object = transform.apply(type.withoutManagedFields(received));
        T before = store.put(type.key(object), object);
        if (before == null) {
            tellAll(handler -> handler.added(object));
        } else if (type.uid(before).equals(type.uid(object))) {
            tellAll(handler -> handler.updated(before, object));
        } else { // deleted and made anew while nobody looked
            tellAll(handler -> handler.deleted(before));
            tellAll(handler -> handler.added(object));
        }
    }

    private void drop(ObjectKey key, @Nullable T lastState) {
        T before = store.remove(key);
        if (before != null) {
            T last = lastState == null ? before : transform.apply(type.withoutManagedFields(lastState));
            tellAll(handler -> handler.deleted(last));
        }
    }

    private void tellAll(Consumer<Handler<? super T>> call) {
        for (Handler<? super T> handler : handlers) {
            tell(handler, call);
        }
    }

    /** A handler's bug is its own: the others and the store go on. */
    private void tell(Handler<? super T> handler, Consumer<Handler<? super T>> call) {
        try {
            call.accept(handler);
        } catch (RuntimeException e) {
            log.atError()
                    .setMessage("a handler failed")
                    .addKeyValue("resource", type)
                    .addKeyValue("handler", handler.getClass().getName())
                    .setCause(e)
                    .log();
        }
    }

    private long number(String resourceVersion) {
        try {
            return Long.parseLong(resourceVersion);
        } catch (NumberFormatException e) {
            throw new ConnectionException(
                    "the server sent " + type + " with the version \"" + resourceVersion + "\"", e);
        }
    }

    /** The server answered from an older state than was already seen. */
    private static final class StaleAnswerException extends RuntimeException {
        StaleAnswerException(String message) {
            super(message, null, false, false);
        }
    }
}
