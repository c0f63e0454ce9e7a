package io.mokube.proxy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.proxy.apply.RuleApplier;
import io.mokube.proxy.apply.hollow.HollowApplier;
import io.mokube.proxy.apply.nftables.NftablesApplier;
import io.mokube.proxy.apply.nftables.NftablesPolicies;
import io.mokube.proxy.health.HealthServers;
import io.mokube.proxy.health.ProxyHealth;
import io.mokube.proxy.policy.PolicyEnforcer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * kube-proxy: makes the addresses of services lead to their endpoints, and network policies hold, on one machine. A proxy
 * can be started once.
 */
public final class KubeProxy implements Component {

    private static final Logger log = LoggerFactory.getLogger(KubeProxy.class);
    private static final String NAME = "kube-proxy";

    private final KubeProxyConfig config;
    private final Platform platform;
    private @Nullable Running running;

    public KubeProxy(KubeProxyConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
    }

    /** Removes the rules of a proxy that does not run any more. */
    public static void removeRules(String table) {
        new NftablesApplier(table, Optional.empty()).remove();
        new NftablesPolicies(PolicyEnforcer.table(table), Optional.empty()).remove();
    }

    /** Whether this machine has what {@link KubeProxyConfig.Mode#NFTABLES} takes. */
    public static boolean canProgram() {
        return NftablesApplier.isInstalled();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public synchronized void start() {
        if (running != null) {
            throw new IllegalStateException("the proxy was started before");
        }
        try {
            running = new Running(config, platform);
        } catch (IllegalArgumentException e) {
            throw new ComponentException(
                    "The proxy can't use its credentials for " + config.client() + ": " + e.getMessage(), e);
        }
        running.start();
    }

    @Override
    public Readiness readiness() {
        Running current = current();
        if (current == null) {
            return Readiness.waitingFor("the proxy was not started");
        }
        if (!current.informers.notSynced().isEmpty()) {
            return Readiness.waitingFor("the first list of " + String.join(", ", current.informers.notSynced()));
        }
        if (!current.loop.isReady()) {
            return Readiness.waitingFor("the first rules to be applied");
        }
        return current.policies == null || current.policies.isReady()
                ? Readiness.READY
                : Readiness.waitingFor("the first network policies to be applied");
    }

    private synchronized @Nullable Running current() {
        return running;
    }

    @Override
    public void stop(Duration grace) {
        Running current;
        synchronized (this) {
            current = running;
            running = null;
        }
        if (current != null) {
            current.stop();
        }
    }

    /** The parts of a started proxy. */
    private static final class Running {

        private final KubeProxyConfig config;
        private final ApiClient client;
        private final InformerFactory informers;
        private final RuleApplier applier;
        private final HealthServers healthServers;
        private final SyncLoop loop;
        private final @Nullable NftablesPolicies policyRules;
        private final @Nullable PolicyEnforcer policies;

        Running(KubeProxyConfig config, Platform platform) {
            this.config = config;
            applier = applier(config);
            client = new ApiClient(config.client(), platform);
            informers = new InformerFactory(client);
            Informer<Service> services = informers.informer(Service.class);
            Informer<EndpointSlice> slices = informers.informer(EndpointSlice.class);
            Informer<Node> nodes = informers.informer(ResourceType.of(Node.class), nodes(config));
            ProxyMetrics metrics = new ProxyMetrics(platform.meters());
            // kube-proxy's healthz takes twice the period, too.
            ProxyHealth health =
                    new ProxyHealth(platform.clock(), config.syncPeriod().multipliedBy(2));
            healthServers = new HealthServers(health);
            loop = new SyncLoop(
                    config,
                    platform,
                    informers,
                    changed -> new ServiceTracker(services, slices, metrics, platform.clock(), changed),
                    nodes.store(),
                    applier,
                    health,
                    healthServers,
                    metrics);
            boolean enforces = config.mode() == KubeProxyConfig.Mode.NFTABLES;
            policyRules = enforces
                    ? new NftablesPolicies(PolicyEnforcer.table(config.table()), config.networkNamespace())
                    : null;
            policies = policyRules == null ? null : new PolicyEnforcer(config, platform, client, nodes, policyRules);
            nodes.addHandler(new NodeHandler(config, this::nodeChanged));
        }

        private void nodeChanged() {
            loop.change();
            if (policies != null) {
                policies.change();
            }
        }

        private static RuleApplier applier(KubeProxyConfig config) {
            return switch (config.mode()) {
                case HOLLOW -> new HollowApplier();
                case NFTABLES -> {
                    NftablesApplier applier = new NftablesApplier(config.table(), config.networkNamespace());
                    applier.check();
                    applier.prepareHost();
                    yield applier;
                }
            };
        }

        private static Selection nodes(KubeProxyConfig config) {
            return config.nodeNames().size() == 1
                    ? Selection.ALL.withFields(FieldSelector.parse(
                            "metadata.name=" + config.nodeNames().iterator().next()))
                    : Selection.ALL;
        }

        void start() {
            config.healthPort().ifPresent(healthServers::start);
            informers.start();
            loop.start();
            if (policies != null) {
                policies.start();
            }
        }

        void stop() {
            try {
                loop.stop();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (policies != null) {
                policies.close();
            }
            informers.close();
            healthServers.close();
            client.close();
            if (config.removeRules()) {
                try {
                    applier.remove();
                    if (policyRules != null) {
                        policyRules.remove();
                    }
                } catch (RuleApplier.ApplyException e) {
                    log.atWarn()
                            .setMessage("could not remove the rules")
                            .addKeyValue("table", config.table())
                            .addKeyValue("reason", e.getMessage())
                            .log();
                }
            }
        }
    }

    /** Heartbeats change nodes all the time; rules depend on little of them. */
    private record NodeHandler(KubeProxyConfig config, Runnable change) implements Handler<Node> {

        @Override
        public void added(Node node) {
            changed(node);
        }

        @Override
        public void updated(Node before, Node now) {
            if (!Objects.equals(
                            before.getMetadata().getLabels(), now.getMetadata().getLabels())
                    || !Objects.equals(before.getSpec(), now.getSpec())
                    || !addresses(before).equals(addresses(now))) {
                changed(now);
            }
        }

        @Override
        public void deleted(Node node) {
            changed(node);
        }

        private static List<NodeAddress> addresses(Node node) {
            return node.getStatus() == null || node.getStatus().getAddresses() == null
                    ? List.of()
                    : node.getStatus().getAddresses();
        }

        private void changed(Node node) {
            if (config.nodeNames().contains(node.getMetadata().getName())) {
                change.run();
            }
        }
    }
}
