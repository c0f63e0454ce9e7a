package io.mokube.proxy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.informer.Store;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import io.mokube.proxy.apply.RuleApplier;
import io.mokube.proxy.apply.RuleApplier.ApplyException;
import io.mokube.proxy.compile.RuleCompiler;
import io.mokube.proxy.compile.RuleSet;
import io.mokube.proxy.health.HealthServers;
import io.mokube.proxy.health.ProxyHealth;
import io.mokube.proxy.model.Endpoint;
import io.mokube.proxy.model.NodeFacts;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.ServiceFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies changes one batch after the other, on one thread. Nothing is applied before everything is known, so that a
 * restart takes nothing away. What fails is tried again, from whatever the kernel has then.
 */
final class SyncLoop {

    private static final Logger log = LoggerFactory.getLogger(SyncLoop.class);

    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final String TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler";
    private static final Duration SYNC_POLL = Duration.ofSeconds(5);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);

    private final KubeProxyConfig config;
    private final Platform platform;
    private final InformerFactory informers;
    private final ServiceTracker tracker;
    private final Store<Node> nodes;
    private final RuleApplier applier;
    private final ProxyHealth health;
    private final HealthServers healthServers;
    private final ProxyMetrics metrics;

    private final Object wake = new Object();
    private boolean changed;
    private boolean lookAround;
    private boolean stopped;
    private @Nullable Thread thread;

    /** What the kernel follows, null when that is not known. Used by the loop's thread. */
    private @Nullable RuleSet applied;

    /** What was compiled last, null when that failed. */
    private @Nullable RuleSet compiled;

    private final Map<ObjectKey, HealthServers.Wanted> healthChecks = new HashMap<>();

    private List<IpAddress> machineAddresses = List.of();
    private Duration retry = FIRST_RETRY;
    private volatile boolean ready;

    SyncLoop(
            KubeProxyConfig config,
            Platform platform,
            InformerFactory informers,
            ServiceTracker.Maker tracker,
            Store<Node> nodes,
            RuleApplier applier,
            ProxyHealth health,
            HealthServers healthServers,
            ProxyMetrics metrics) {
        this.config = config;
        this.platform = platform;
        this.informers = informers;
        this.nodes = nodes;
        this.applier = applier;
        this.health = health;
        this.healthServers = healthServers;
        this.metrics = metrics;
        this.tracker = tracker.make(this::change);
    }

    void start() {
        thread = Thread.ofVirtual().name("kube-proxy sync").start(this::run);
    }

    /** Whether rules were applied once. */
    boolean isReady() {
        return ready;
    }

    /** Something changed that rules depend on. */
    void change() {
        health.queued();
        synchronized (wake) {
            changed = true;
            wake.notifyAll();
        }
    }

    void stop() throws InterruptedException {
        Thread running = thread;
        synchronized (wake) {
            stopped = true;
            wake.notifyAll();
        }
        if (running != null) {
            running.interrupt();
            running.join();
        }
    }

    private void run() {
        Clock clock = platform.clock();
        try {
            while (!informers.awaitSynced(SYNC_POLL)) {
                log.atInfo()
                        .setMessage("waiting for first lists")
                        .addKeyValue("missing", informers.notSynced())
                        .log();
            }
            lookAround = true;
            while (awaitWork()) {
                boolean look = takeLook();
                Duration pause;
                try {
                    sync(look);
                    retry = FIRST_RETRY;
                    pause = config.minSyncPeriod();
                } catch (ApplyException e) {
                    pause = failed(e);
                } catch (RuntimeException e) {
                    log.atError()
                            .setMessage("applying rules failed by a bug")
                            .setCause(e)
                            .log();
                    pause = failed(e);
                }
                clock.sleep(pause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // only stop() interrupts this thread
        }
    }

    private Duration failed(RuntimeException e) {
        if (Thread.currentThread().isInterrupted()) {
            return Duration.ZERO;
        }
        metrics.failed();
        applied = null;
        change();
        log.atWarn()
                .setMessage("could not apply rules; trying again")
                .addKeyValue("reason", e.getMessage())
                .addKeyValue("pause", retry)
                .log();
        Duration pause = retry;
        retry = retry.multipliedBy(2);
        if (retry.compareTo(LONGEST_RETRY) > 0) {
            retry = LONGEST_RETRY;
        }
        return pause;
    }

    /** Waits for a change or for the time to look around; false when stopped. */
    private boolean awaitWork() throws InterruptedException {
        Clock.Timer timer = platform.clock().schedule(config.syncPeriod(), () -> {
            synchronized (wake) {
                lookAround = true;
                wake.notifyAll();
            }
        });
        try {
            synchronized (wake) {
                while (!changed && !lookAround && !stopped) {
                    wake.wait();
                }
                return !stopped;
            }
        } finally {
            timer.cancel();
        }
    }

    private boolean takeLook() {
        synchronized (wake) {
            boolean look = lookAround;
            changed = false;
            lookAround = false;
            return look;
        }
    }

    /**
     * @param look whether to look at the machine and not only at the changes
     */
    private void sync(boolean look) {
        long begin = platform.clock().nanoTime();
        if (look) {
            machineAddresses = applier.addresses();
            if (applied != null && !applier.isInPlace()) {
                log.atWarn()
                        .setMessage("the rules were removed by somebody else; restoring them")
                        .log();
                applied = null;
            }
        }
        ServiceTracker.Taken taken = tracker.take();
        RuleSet before = applied;
        Placement placement = new Placement(nodeFacts(), config.clusterCidrs(), config.sharedHost());
        noteHealthChecks(taken.changes(), placement.node());
        RuleSet rules = compile(taken.changes(), placement);
        // Whatever goes wrong from here on, the kernel is asked what it has.
        applied = null;
        applier.apply(before, rules);
        applied = rules;
        healthServers.serve(healthChecks);
        if (before == null || taken.connectionless()) {
            applier.endStaleConnections(rules);
        }
        Instant now = platform.clock().instant();
        metrics.synced(before == null, Duration.ofNanos(platform.clock().nanoTime() - begin), now);
        if (ready) { // what happened before the start was programmed by somebody else, or nobody
            taken.triggers().forEach(time -> metrics.programmed(Duration.between(time, now)));
        }
        if (!ready) {
            ready = true;
            log.atInfo()
                    .setMessage("rules are in place")
                    .addKeyValue("services", rules.size())
                    .addKeyValue("table", config.table())
                    .log();
        }
        synchronized (wake) {
            if (!changed) {
                health.updated();
            }
        }
    }

    /** What was taken must not get lost when something goes wrong: then the next time begins with all services. */
    private RuleSet compile(Map<ObjectKey, Optional<ServiceFacts>> changes, Placement placement) {
        RuleSet last = compiled;
        compiled = null;
        RuleSet rules = last == null
                ? RuleCompiler.compile(tracker.all(), placement)
                : RuleCompiler.compile(changes, placement, last);
        compiled = rules;
        return rules;
    }

    private NodeFacts nodeFacts() {
        List<Node> own = config.nodeNames().stream()
                .flatMap(name -> nodes.get(new ObjectKey("", name)).stream())
                .toList();
        health.setNodeEligible(own.stream().allMatch(SyncLoop::isEligible));
        Set<String> zones = own.stream()
                .flatMap(node -> Optional.ofNullable(node.getMetadata().getLabels()).stream())
                .flatMap(labels -> Optional.ofNullable(labels.get(ZONE)).stream())
                .collect(Collectors.toSet());
        List<IpAddress> addresses = config.nodePortAddresses().isEmpty()
                ? own.stream().flatMap(node -> primary(node).stream()).toList()
                : machineAddresses.stream()
                        .filter(each -> config.nodePortAddresses().stream().anyMatch(range -> range.contains(each)))
                        .toList();
        return new NodeFacts(config.nodeNames(), zones, addresses);
    }

    private static boolean isEligible(Node node) {
        return node.getMetadata().getDeletionTimestamp() == null
                && (node.getSpec() == null
                        || node.getSpec().getTaints() == null
                        || node.getSpec().getTaints().stream()
                                .noneMatch(taint -> TO_BE_DELETED.equals(taint.getKey())));
    }

    /** The first internal address of each family. */
    private static Collection<IpAddress> primary(Node node) {
        if (node.getStatus() == null || node.getStatus().getAddresses() == null) {
            return List.of();
        }
        return node.getStatus().getAddresses().stream()
                .filter(each -> "InternalIP".equals(each.getType()))
                .map(NodeAddress::getAddress)
                .flatMap(each -> IpAddress.parse(each).stream())
                .collect(Collectors.toMap(IpAddress::family, each -> each, (first, other) -> first))
                .values();
    }

    private void noteHealthChecks(Map<ObjectKey, Optional<ServiceFacts>> changes, NodeFacts node) {
        changes.forEach((key, service) -> {
            if (service.isPresent() && service.get().healthCheckNodePort() != 0) {
                healthChecks.put(key, wanted(service.get(), node));
            } else {
                healthChecks.remove(key);
            }
        });
    }

    private static HealthServers.Wanted wanted(ServiceFacts service, NodeFacts node) {
        long local = service.ports().stream()
                .flatMap(port -> port.endpoints().stream())
                .filter(each -> each.ready() && node.has(each))
                .map(Endpoint::address)
                .distinct()
                .count();
        return new HealthServers.Wanted(service.healthCheckNodePort(), Math.toIntExact(local));
    }
}
