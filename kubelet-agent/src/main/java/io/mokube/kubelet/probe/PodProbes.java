package io.mokube.kubelet.probe;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import io.mokube.kubelet.lifecycle.ProbeVerdict;
import io.mokube.kubelet.lifecycle.ProbeVerdict.Failed;
import io.mokube.kubelet.probe.ProbeSender.Answer;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The probes of one pod's running containers, each on a thread of its own. Liveness and readiness begin when the startup
 * probe has passed. Safe for use by many threads.
 */
public final class PodProbes implements AutoCloseable {

    private static final int DEFAULT_PERIOD_SECONDS = 10;
    private static final int DEFAULT_FAILURES = 3;

    private final ProbeSender sender;
    private final Clock clock;
    private final RandomGenerator random;
    private final Listener listener;
    private final Map<String, Watched> containers = new HashMap<>();

    /** Told about answers; called from the probes' threads, and must not block. */
    public interface Listener {

        /** A verdict is another one than before. */
        void changed();

        /** A probe failed. */
        void failed(Container container, String kind, String message);
    }

    public PodProbes(ProbeSender sender, Clock clock, RandomGenerator random, Listener listener) {
        this.sender = sender;
        this.clock = clock;
        this.random = random;
        this.listener = listener;
    }

    /**
     * A running container.
     *
     * @param startedAt when it began to run, from which the first delay counts
     * @param address where its servers are
     */
    public record Target(String id, Container spec, Instant startedAt, String address) {
        boolean probed() {
            return spec.getStartupProbe() != null
                    || spec.getReadinessProbe() != null
                    || spec.getLivenessProbe() != null;
        }
    }

    /** Probes these containers and no others. */
    public synchronized void watch(Map<String, Target> running) {
        for (String id : Set.copyOf(containers.keySet())) {
            if (!running.containsKey(id)) {
                Objects.requireNonNull(containers.remove(id)).stop();
            }
        }
        running.forEach((id, target) -> {
            if (target.probed() && !containers.containsKey(id)) {
                Watched watched = new Watched(target);
                containers.put(id, watched);
                watched.begin();
            }
        });
    }

    /** What the probes say now, by container id; containers without probes are absent. */
    public synchronized Map<String, ProbeVerdict> verdicts() {
        Map<String, ProbeVerdict> verdicts = new HashMap<>();
        containers.forEach((id, watched) -> verdicts.put(id, watched.verdict()));
        return verdicts;
    }

    @Override
    public synchronized void close() {
        containers.values().forEach(Watched::stop);
        containers.clear();
    }

    /** One container's probes. */
    private final class Watched {

        private final Target target;
        private final @Nullable Probe startup;
        private final @Nullable Probe readiness;
        private final @Nullable Probe liveness;
        private final java.util.List<Thread> threads = new java.util.ArrayList<>();
        private volatile boolean started;
        private volatile boolean ready;
        private volatile Failed failed = Failed.NONE;

        Watched(Target target) {
            this.target = target;
            this.startup = target.spec().getStartupProbe();
            this.readiness = target.spec().getReadinessProbe();
            this.liveness = target.spec().getLivenessProbe();
            this.started = startup == null;
            this.ready = readiness == null;
        }

        ProbeVerdict verdict() {
            return new ProbeVerdict(started, started && ready, failed);
        }

        void begin() {
            if (startup != null) {
                run("startup", startup);
            } else {
                beginOthers();
            }
        }

        private synchronized void beginOthers() {
            if (readiness != null) {
                run("readiness", readiness);
            }
            if (liveness != null) {
                run("liveness", liveness);
            }
        }

        private synchronized void run(String kind, Probe probe) {
            threads.add(Thread.ofVirtual()
                    .name(kind + " probe " + target.spec().getName())
                    .start(() -> probe(kind, probe)));
        }

        synchronized void stop() {
            threads.forEach(Thread::interrupt);
        }

        private void probe(String kind, Probe probe) {
            Duration period = Duration.ofSeconds(
                    Math.max(1, Objects.requireNonNullElse(probe.getPeriodSeconds(), DEFAULT_PERIOD_SECONDS)));
            int failuresNeeded = Objects.requireNonNullElse(probe.getFailureThreshold(), DEFAULT_FAILURES);
            int successesNeeded = Objects.requireNonNullElse(probe.getSuccessThreshold(), 1);
            try {
                awaitFirst(probe);
                int successes = 0;
                int failures = 0;
                while (!Thread.currentThread().isInterrupted()) {
                    Answer answer = sender.send(probe, target.spec(), target.id(), target.address());
                    if (Thread.currentThread().isInterrupted()) {
                        return;
                    }
                    successes = answer.success() ? successes + 1 : 0;
                    failures = answer.success() ? 0 : failures + 1;
                    if (!answer.success()) {
                        listener.failed(target.spec(), kind, answer.message());
                    }
                    if (successes >= successesNeeded && passed(kind)) {
                        return;
                    }
                    if (failures >= failuresNeeded && condemned(kind)) {
                        return;
                    }
                    clock.sleep(period);
                }
            } catch (InterruptedException e) {
                // The container ended.
            }
        }

        private void awaitFirst(Probe probe) throws InterruptedException {
            int delay = Objects.requireNonNullElse(probe.getInitialDelaySeconds(), 0);
            Duration rest = Duration.between(clock.instant(), target.startedAt().plusSeconds(delay));
            // After a restart of the agent all probes would otherwise come at the same moment.
            boolean old = rest.compareTo(Duration.ofSeconds(-10)) < 0;
            clock.sleep(old ? Duration.ofMillis(random.nextLong(1000)) : rest);
        }

        /** True when this probe's work is done. */
        private boolean passed(String kind) {
            switch (kind) {
                case "startup" -> {
                    started = true;
                    beginOthers();
                    listener.changed();
                    return true;
                }
                case "readiness" -> {
                    if (!ready) {
                        ready = true;
                        listener.changed();
                    }
                }
                default -> {
                    // Liveness: nothing changes while it passes.
                }
            }
            return false;
        }

        private boolean condemned(String kind) {
            if (kind.equals("readiness")) {
                if (ready) {
                    ready = false;
                    listener.changed();
                }
                return false;
            }
            failed = kind.equals("startup") ? Failed.STARTUP : Failed.LIVENESS;
            listener.changed();
            return true;
        }
    }
}
