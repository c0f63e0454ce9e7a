package io.mokube.apiserver.flowcontrol;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.cache.CacheObserver;
import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.SortedObjects;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.flowcontrol.FlowPolicy.Place;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Lets requests in, no more at once than the server can bear, the important ones first and every flow its part: Kubernetes'
 * API priority and fairness. Follows the flow schemas and priority levels that are stored. Safe for use by many threads.
 */
public final class FlowControl {

    private static final GroupResource SCHEMAS = new GroupResource(DefaultFlows.GROUP, "flowschemas");
    private static final GroupResource LEVELS = new GroupResource(DefaultFlows.GROUP, "prioritylevelconfigurations");

    /** They last as long as their client likes, so they would keep their seats from others. */
    private static final Set<String> LONG_RUNNING = Set.of("attach", "exec", "log", "portforward", "proxy");

    private static final int RETRY_AFTER_SECONDS = 1;
    private static final Duration ADJUSTED_EVERY = Duration.ofSeconds(10);
    private static final double SMOOTHING = 0.977;
    private static final int OBJECTS_PER_SEAT = 100;
    private static final int MOST_SEATS = 10;

    private final int seats;
    private final Duration patience;
    private final ToIntFunction<RequestInfo> listed;
    private final Clock clock;
    private final MeterRegistry meters;
    private final DefaultFlows defaults;
    private final Map<String, FlowSchema> schemas = new TreeMap<>();
    private final Map<String, PriorityLevel> levels = new TreeMap<>();
    private final Map<Series, SeriesMeters> meterSeries = new ConcurrentHashMap<>();
    private volatile State state;
    private final Set<String> metered = ConcurrentHashMap.newKeySet();
    private volatile Runnable onChange = () -> {};
    private volatile boolean closed;

    /** What requests meet: replaced as a whole. */
    private record State(FlowPolicy policy, Map<String, Level> levels) {}

    /** Meters know schemas and levels, not the flows in them. */
    private record Series(String schema, String level) {

        static Series of(Place place) {
            return new Series(place.schema().name(), place.level().name());
        }

        Tags tags() {
            return Tags.of("flow_schema", schema, "priority_level", level);
        }
    }

    private record SeriesMeters(Counter dispatched, Timer waitTime) {}

    /** A priority level at work. */
    private static final class Level {
        private final Seats.Range range;
        private final FairQueues queues;
        private double smoothed;

        Level(Seats.Range range, FairQueues queues) {
            this.range = range;
            this.queues = queues;
        }
    }

    /**
     * How much is let in.
     *
     * @param seats how many requests at once, those of exempt levels not counted
     * @param patience how long a request waits at the most
     */
    public record Limits(int seats, Duration patience) {

        /** As many as Kubernetes lets in by {@code --max-requests-inflight} and {@code --max-mutating-requests-inflight}. */
        public static final Limits STANDARD = new Limits(600, Duration.ofSeconds(15));
    }

    private FlowControl(
            DefaultFlows defaults,
            Limits limits,
            ToIntFunction<RequestInfo> listed,
            Clock clock,
            MeterRegistry meters) {
        this.seats = limits.seats();
        this.patience = limits.patience();
        this.listed = listed;
        this.clock = clock;
        this.meters = meters;
        this.defaults = defaults;
        for (KubeObject object : defaults.objects()) {
            take(object);
        }
        state = new State(new FlowPolicy(List.of(), List.of(), defaults), Map.of());
        publish();
    }

    /**
     * Follows what is stored; until it is known, the defaults hold.
     *
     * @param listed how many objects a list has to go through, for its width
     */
    public static FlowControl follow(
            WatchCache cache,
            DefaultFlows defaults,
            Limits limits,
            ToIntFunction<RequestInfo> listed,
            Clock clock,
            MeterRegistry meters) {
        FlowControl control = new FlowControl(defaults, limits, listed, clock, meters);
        cache.observe(SCHEMAS, control.new Observer<>(control.schemas, FlowSchema::of));
        cache.observe(LEVELS, control.new Observer<>(control.levels, PriorityLevel::of));
        control.adjustLater();
        return control;
    }

    /** A request that was let in. Used by one thread. */
    public static final class Turn implements AutoCloseable {

        private static final Turn OUTSIDE = new Turn("", "", null);

        private final String schemaUid;
        private final String levelUid;
        private final FairQueues.@Nullable Seat seat;

        private Turn(String schemaUid, String levelUid, FairQueues.@Nullable Seat seat) {
            this.schemaUid = schemaUid;
            this.levelUid = levelUid;
            this.seat = seat;
        }

        /** The UID of the flow schema that matched, {@code ""} for a request that does not take part. */
        public String schemaUid() {
            return schemaUid;
        }

        /** The UID of the priority level. */
        public String levelUid() {
            return levelUid;
        }

        /** The request has what it came for, though it may go on: a watch that has begun. May be called again. */
        @Override
        public void close() {
            if (seat != null) {
                seat.release();
            }
        }
    }

    /**
     * Waits until a request may be worked on.
     *
     * @throws ApiException 429 when there are too many
     */
    public Turn begin(User user, RequestInfo info) {
        if (LONG_RUNNING.contains(info.subresource())) {
            return Turn.OUTSIDE;
        }
        Attributes asked = info.attributes();
        State now = state;
        Place place = now.policy().placeOf(user, asked);
        Level level = now.levels().get(place.level().name());
        if (level == null) { // exempt
            return new Turn(place.schema().uid(), place.level().uid(), null);
        }
        long begun = clock.nanoTime();
        try {
            FairQueues.Outcome outcome =
                    level.queues.enter(Hand.hash(place.schema().name(), place.flow()), width(info));
            return switch (outcome) {
                case FairQueues.Outcome.Seated(FairQueues.Seat seat) -> {
                    waited(place, clock.nanoTime() - begun);
                    yield new Turn(place.schema().uid(), place.level().uid(), seat);
                }
                case FairQueues.Outcome.Refused(String reason) -> {
                    meters.counter(
                                    "apiserver_flowcontrol_rejected_requests",
                                    Series.of(place).tags().and("reason", reason))
                            .increment();
                    throw ApiException.tooManyRequests(
                            "Too many requests, please try again later.", RETRY_AFTER_SECONDS);
                }
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("the server is stopping");
        }
    }

    /** A list of many objects takes as much of the server as several small requests. */
    private int width(RequestInfo info) {
        return info.verb().equals("list")
                ? Math.clamp(Math.ceilDiv(listed.applyAsInt(info), OBJECTS_PER_SEAT), 1, MOST_SEATS)
                : 1;
    }

    private void waited(Place place, long nanos) {
        SeriesMeters ofSeries = meterSeries.computeIfAbsent(
                Series.of(place),
                series -> new SeriesMeters(
                        meters.counter("apiserver_flowcontrol_dispatched_requests", series.tags()),
                        Timer.builder("apiserver_flowcontrol_request_wait_duration")
                                .tags(series.tags())
                                .register(meters)));
        ofSeries.dispatched().increment();
        ofSeries.waitTime().record(nanos, TimeUnit.NANOSECONDS);
    }

    private void take(KubeObject object) {
        if (object.kind().equals("FlowSchema")) {
            schemas.put(object.name(), FlowSchema.of(object));
        } else {
            levels.put(object.name(), PriorityLevel.of(object));
        }
    }

    private final class Observer<T> implements CacheObserver {

        private final Map<String, T> known;
        private final Function<KubeObject, T> read;

        Observer(Map<String, T> known, Function<KubeObject, T> read) {
            this.known = known;
            this.read = read;
        }

        @Override
        public void reset(SortedObjects objects) {
            synchronized (FlowControl.this) {
                known.clear();
                objects.scan("", object -> {
                    put(object);
                    return true;
                });
                publish();
            }
        }

        @Override
        public void changed(@Nullable CachedObject before, @Nullable CachedObject after) {
            synchronized (FlowControl.this) {
                if (after != null) {
                    put(after);
                } else if (before != null) {
                    known.remove(before.object().parse().name());
                }
                publish();
            }
        }

        private void put(CachedObject cached) {
            KubeObject object = cached.object().parse();
            known.put(object.name(), read.apply(object));
        }
    }

    /** Puts what is known into force. Levels whose queues stay as they are keep them, and who waits there. */
    private synchronized void publish() {
        FlowPolicy policy = new FlowPolicy(schemas.values(), levels.values(), defaults);
        Map<String, Seats.Range> ranges = Seats.ranges(policy.levels(), seats);
        Map<String, Level> atWork = new HashMap<>();
        for (PriorityLevel level : policy.levels()) {
            if (level.exempt()) {
                continue;
            }
            Seats.Range range = Objects.requireNonNull(ranges.get(level.name()));
            Level before = state.levels().get(level.name());
            if (before != null && before.queues.queuing().equals(level.queuing())) {
                Level kept = new Level(range, before.queues);
                kept.smoothed = before.smoothed;
                if (!range.equals(before.range)) {
                    before.queues.setLimit(Math.max(1, range.nominal()));
                }
                atWork.put(level.name(), kept);
            } else {
                FairQueues queues = new FairQueues(level.queuing(), Math.max(1, range.nominal()), patience, clock);
                atWork.put(level.name(), new Level(range, queues));
                meter(level.name());
            }
        }
        state = new State(policy, Map.copyOf(atWork));
        onChange.run();
    }

    /** Has something called after each change of what is stored; it must return at once. */
    public void onChange(Runnable call) {
        onChange = call;
    }

    /** Once for each name: what is measured is whatever level has it at the time. */
    private void meter(String level) {
        if (!metered.add(level)) {
            return;
        }
        gauge("apiserver_flowcontrol_current_limit_seats", level, FairQueues::limit);
        gauge("apiserver_flowcontrol_current_executing_seats", level, FairQueues::inUse);
        gauge("apiserver_flowcontrol_current_inqueue_requests", level, FairQueues::waiting);
    }

    private void gauge(String name, String levelName, ToIntFunction<FairQueues> value) {
        Gauge.builder(name, this, self -> {
                    Level level = self.state.levels().get(levelName);
                    return level == null ? 0 : value.applyAsInt(level.queues);
                })
                .tag("priority_level", levelName)
                .register(meters);
    }

    private void adjustLater() {
        clock.schedule(ADJUSTED_EVERY, () -> {
            if (!closed) {
                adjust();
                adjustLater();
            }
        });
    }

    /** Lends the seats of levels that do not use them to those that would. */
    synchronized void adjust() {
        List<Level> all = new ArrayList<>(state.levels().values());
        List<Seats.Demand> demands = new ArrayList<>();
        for (Level level : all) {
            double highest = level.queues.takeHighestDemand();
            level.smoothed = Math.max(highest, SMOOTHING * level.smoothed + (1 - SMOOTHING) * highest);
            demands.add(new Seats.Demand(level.range, highest, level.smoothed));
        }
        List<Integer> divided = Seats.divide(demands, seats);
        for (int i = 0; i < all.size(); i++) {
            all.get(i).queues.setLimit(divided.get(i));
        }
    }

    /** Ends the lending; requests are let in on. */
    public void close() {
        closed = true;
    }
}
