package io.mokube.client.rest;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Counts a client's requests and how long it takes until their answers begin, under client-go's names: {@code
 * rest_client_requests_total} and {@code rest_client_request_duration_seconds}.
 */
final class RequestMeters {

    /** The code of a request without an answer. */
    private static final String NO_ANSWER = "<error>";

    private static final Duration[] BUCKETS = {
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(4),
        Duration.ofSeconds(8),
        Duration.ofSeconds(15),
        Duration.ofSeconds(30),
        Duration.ofSeconds(60)
    };

    private final MeterRegistry meters;
    private final String host;
    private final Map<String, Timer> durations = new ConcurrentHashMap<>();
    private final Map<Result, Counter> results = new ConcurrentHashMap<>();

    private record Result(String method, String code) {}

    RequestMeters(MeterRegistry meters, String host) {
        this.meters = meters;
        this.host = host;
    }

    void answered(String method, int code, long nanos) {
        record(method, Integer.toString(code), nanos);
    }

    void failed(String method, long nanos) {
        record(method, NO_ANSWER, nanos);
    }

    private void record(String method, String code, long nanos) {
        durations.computeIfAbsent(method, this::duration).record(nanos, TimeUnit.NANOSECONDS);
        results.computeIfAbsent(new Result(method, code), this::result).increment();
    }

    private Timer duration(String method) {
        return Timer.builder("rest.client.request.duration")
                .tag("verb", method)
                .tag("host", host)
                .serviceLevelObjectives(BUCKETS)
                .register(meters);
    }

    private Counter result(Result result) {
        return Counter.builder("rest.client.requests")
                .tag("code", result.code())
                .tag("method", result.method())
                .tag("host", host)
                .register(meters);
    }
}
