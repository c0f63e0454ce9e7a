package io.mokube.kubelet.network;

import io.fabric8.kubernetes.api.model.Node;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.component.Release;
import io.mokube.machinery.names.ObjectKey;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a node's pods connected: configures the network for the node's range of addresses once it has one, and keeps the
 * routes to all other nodes as they come and go. What somebody else changed is put right within half a minute. Stopping it
 * changes nothing: pods go on reaching each other.
 */
public final class PodNetwork implements Component {

    private static final Logger log = LoggerFactory.getLogger(PodNetwork.class);
    private static final Duration RESYNC = Duration.ofSeconds(30);
    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final Duration LONGEST_COMMAND = Duration.ofSeconds(5);

    private final PodNetworkConfig config;
    private final Platform platform;
    private final Map<Cidr, RouteTable> routes = new LinkedHashMap<>();
    private final Semaphore changed = new Semaphore(0);
    private volatile Readiness readiness = Readiness.waitingFor("the pod network was not started");
    private @Nullable ApiClient client;
    private @Nullable Informer<Node> nodes;
    private @Nullable Thread thread;
    private boolean stopped;

    /** For which pods the rules were last written; only the network's own thread uses it. */
    private final Set<Cidr> masqueraded = new HashSet<>();

    /** The network of the machine, or of the container, that this process is in. */
    public PodNetwork(PodNetworkConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
        config.clusterCidrs()
                .forEach(cluster ->
                        routes.put(cluster, new RouteTable(cluster.family(), tunnelName(cluster), List.of())));
    }

    /** One for each cluster on the machine and each family. */
    static String tunnelName(Cidr cluster) {
        byte[] address = cluster.address().bytes();
        if (cluster.family() == Family.IPV4) {
            return "mkvx" + HexFormat.of().formatHex(address);
        }
        CRC32 checksum = new CRC32();
        checksum.update(address);
        return "mkv6" + HexFormat.of().toHexDigits((int) checksum.getValue());
    }

    @Override
    public String name() {
        return "pod-network";
    }

    @Override
    public synchronized void start() {
        config.clusterCidrs().forEach(cluster -> CniNetwork.enableForwarding(cluster.family()));
        ApiClient api;
        try {
            api = new ApiClient(config.client().withUserAgent("pod-network/" + Release.GIT_VERSION), platform);
        } catch (IllegalArgumentException e) {
            throw new ComponentException("the pod network's credentials can't be used: " + e.getMessage(), e);
        }
        client = api;
        Informer<Node> informer = new Informer<>(api.resource(Node.class), Selection.ALL, platform);
        nodes = informer;
        readiness = Readiness.waitingFor("the first list of nodes");
        informer.addHandler(new Handler<>() {
            @Override
            public void added(Node node) {
                wake();
            }

            @Override
            public void updated(Node before, Node now) {
                // Heartbeats change neither.
                if (config.clusterCidrs().stream()
                        .map(Cidr::family)
                        .anyMatch(family -> !RoutePlan.podRange(before, family).equals(RoutePlan.podRange(now, family))
                                || !RoutePlan.address(before, family).equals(RoutePlan.address(now, family)))) {
                    wake();
                }
            }

            @Override
            public void deleted(Node node) {
                wake();
            }
        });
        informer.start();
        thread = Thread.ofVirtual().name("pod network").start(() -> keep(informer));
    }

    private void wake() {
        changed.release();
    }

    private void keep(Informer<Node> informer) {
        try {
            while (!informer.awaitSynced(RESYNC)) {
                log.atInfo().setMessage("waiting for the first list of nodes").log();
            }
            while (true) {
                changed.drainPermits();
                Duration pause = RESYNC;
                try {
                    readiness = reconcile(informer);
                } catch (ComponentException | IOException e) {
                    if (Thread.currentThread().isInterrupted()) {
                        return;
                    }
                    log.atWarn()
                            .setMessage("the pod network is not as it should be")
                            .addKeyValue("node", config.nodeName())
                            .addKeyValue("reason", e.getMessage())
                            .log();
                    readiness = Readiness.waitingFor(String.valueOf(e.getMessage()));
                    pause = RETRY;
                } catch (RuntimeException e) {
                    log.atError()
                            .setMessage("the pod network failed")
                            .setCause(e)
                            .log();
                    pause = RETRY;
                }
                awaitChange(pause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitChange(Duration atMost) throws InterruptedException {
        var timer = platform.clock().schedule(atMost, this::wake);
        try {
            changed.acquire();
        } finally {
            timer.cancel();
        }
    }

    /** What is to be done for one address family. */
    private record FamilyPlan(Cidr cluster, RouteTable table, Optional<Cidr> own, List<NodeRoute> others) {}

    private FamilyPlan plan(Cidr cluster, RouteTable table, Informer<Node> informer) {
        Optional<Cidr> own = informer.store()
                .get(new ObjectKey("", config.nodeName()))
                .flatMap(node -> RoutePlan.podRange(node, cluster.family()));
        List<NodeRoute> others = RoutePlan.of(informer.store().list(), cluster, table.links()).stream()
                .filter(route -> !own.map(route.pods()::equals).orElse(false))
                .toList();
        return new FamilyPlan(cluster, table, own, others);
    }

    private Readiness reconcile(Informer<Node> informer) throws IOException {
        List<FamilyPlan> plans = new ArrayList<>();
        routes.forEach((cluster, table) -> plans.add(plan(cluster, table, informer)));
        boolean hasPods = plans.stream().anyMatch(plan -> plan.own().isPresent());
        if (hasPods && config.bridge().isPresent()) {
            keepBridge(config.bridge().get(), plans);
        }
        for (FamilyPlan plan : plans) {
            int changes =
                    plan.table().apply(plan.others(), plan.cluster(), plan.own().orElse(null));
            if (changes > 0) {
                log.atInfo()
                        .setMessage("routes changed")
                        .addKeyValue("node", config.nodeName())
                        .addKeyValue("routes", plan.others())
                        .log();
            }
        }
        return hasPods || config.bridge().isEmpty()
                ? Readiness.READY
                : Readiness.waitingFor("a range of pod addresses for node " + config.nodeName());
    }

    private void keepBridge(PodNetworkConfig.Bridge bridge, List<FamilyPlan> plans) throws IOException {
        NodeBridge kernel = new NodeBridge(bridge.name());
        List<Cidr> ranges = new ArrayList<>();
        OptionalInt mtu = OptionalInt.empty();
        for (FamilyPlan plan : plans) {
            if (plan.own().isEmpty()) {
                continue;
            }
            Cidr own = plan.own().get();
            kernel.ensure(own);
            // Only when they are not there: what they counted is of use to whoever looks for a packet.
            if (!masqueraded.contains(own) || !kernel.masquerades(own.family())) {
                kernel.masquerade(own, plan.cluster());
                masqueraded.add(own);
            }
            ranges.add(own);
            OptionalInt tunnel = plan.table().tunnelMtu(plan.others());
            if (tunnel.isPresent()) {
                mtu = OptionalInt.of(Math.min(mtu.orElse(Integer.MAX_VALUE), tunnel.getAsInt()));
            }
        }
        new CniNetwork(bridge.name(), ranges, mtu).write(bridge.cniFolder(), bridge.addressFolder());
    }

    @Override
    public Readiness readiness() {
        return readiness;
    }

    @Override
    public void stop(Duration grace) {
        Thread running;
        synchronized (this) {
            if (stopped) {
                return;
            }
            stopped = true;
            running = thread;
            if (nodes != null) {
                nodes.close();
            }
        }
        if (running != null) {
            // Whoever takes the bridge down afterwards must not find it made again.
            running.interrupt();
            try {
                if (!running.join(LONGEST_COMMAND)) {
                    log.atWarn().setMessage("the pod network is slow to stop").log();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        synchronized (this) {
            if (client != null) {
                client.close();
            }
        }
    }
}
