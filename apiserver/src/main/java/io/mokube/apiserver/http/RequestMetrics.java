package io.mokube.apiserver.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Counts and times requests under Kubernetes' metric names. */
final class RequestMetrics {

    /** A client that invents resources must not fill the memory with meters. */
    private static final int MOST_SERIES = 5000;

    private final MeterRegistry meters;
    private final Clock clock;
    private final AtomicInteger readOnly = new AtomicInteger();
    private final AtomicInteger mutating = new AtomicInteger();
    private final AtomicInteger watching = new AtomicInteger();
    private final Map<Series, Counter> counters = new ConcurrentHashMap<>();
    private final Map<Series, Timer> timers = new ConcurrentHashMap<>();

    private record Series(
            String verb,
            String group,
            String version,
            String resource,
            String subresource,
            String scope,
            String code) {}

    RequestMetrics(MeterRegistry meters, Clock clock) {
        this.meters = meters;
        this.clock = clock;
        gauge("readOnly", readOnly);
        gauge("mutating", mutating);
        Gauge.builder("apiserver_longrunning_requests", watching, AtomicInteger::get)
                .tag("verb", "WATCH")
                .register(meters);
    }

    private void gauge(String kind, AtomicInteger value) {
        Gauge.builder("apiserver_current_inflight_requests", value, AtomicInteger::get)
                .tag("request_kind", kind)
                .register(meters);
    }

    Running begin(String method) {
        boolean reads = method.equals("GET") || method.equals("HEAD");
        AtomicInteger inFlight = reads ? readOnly : mutating;
        inFlight.incrementAndGet();
        return new Running(inFlight, clock.nanoTime());
    }

    /** A request being answered. Used by one thread. */
    final class Running {

        private AtomicInteger inFlight;
        private final long startedNanos;
        private @Nullable RequestInfo info;

        private Running(AtomicInteger inFlight, long startedNanos) {
            this.inFlight = inFlight;
            this.startedNanos = startedNanos;
        }

        /** Says what the request is about, once that is known. */
        void is(RequestInfo request) {
            info = request;
            if (request.verb().equals("watch")) {
                inFlight.decrementAndGet();
                inFlight = watching;
                inFlight.incrementAndGet();
            }
        }

        void end(int code) {
            inFlight.decrementAndGet();
            RequestInfo request = info;
            if (request == null || !request.isResourceRequest()) {
                return;
            }
            Series series = series(request, Integer.toString(code));
            if (counters.size() < MOST_SERIES || counters.containsKey(series)) {
                counters.computeIfAbsent(series, RequestMetrics.this::counter).increment();
            }
            // How long a watch lasted says nothing about the server.
            if (!request.verb().equals("watch")) {
                Series timed = series(request, "");
                if (timers.size() < MOST_SERIES || timers.containsKey(timed)) {
                    timers.computeIfAbsent(timed, RequestMetrics.this::timer)
                            .record(clock.nanoTime() - startedNanos, TimeUnit.NANOSECONDS);
                }
            }
        }
    }

    private static Series series(RequestInfo info, String code) {
        String scope = !info.name().isEmpty() ? "resource" : info.namespace().isEmpty() ? "cluster" : "namespace";
        return new Series(
                kubernetesVerb(info.verb()),
                info.group(),
                info.version(),
                info.resource(),
                info.subresource(),
                scope,
                code);
    }

    private static String kubernetesVerb(String verb) {
        return switch (verb) {
            case "create" -> "POST";
            case "update" -> "PUT";
            default -> verb.toUpperCase(Locale.ROOT);
        };
    }

    private Counter counter(Series series) {
        return Counter.builder("apiserver_request")
                .tags(
                        "verb", series.verb(),
                        "group", series.group(),
                        "version", series.version(),
                        "resource", series.resource(),
                        "subresource", series.subresource(),
                        "scope", series.scope(),
                        "component", "apiserver",
                        "code", series.code())
                .register(meters);
    }

    private Timer timer(Series series) {
        return Timer.builder("apiserver_request_duration")
                .tags(
                        "verb", series.verb(),
                        "group", series.group(),
                        "version", series.version(),
                        "resource", series.resource(),
                        "subresource", series.subresource(),
                        "scope", series.scope(),
                        "component", "apiserver")
                .serviceLevelObjectives(
                        Duration.ofMillis(5),
                        Duration.ofMillis(25),
                        Duration.ofMillis(50),
                        Duration.ofMillis(100),
                        Duration.ofMillis(200),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(30))
                .register(meters);
    }
}
