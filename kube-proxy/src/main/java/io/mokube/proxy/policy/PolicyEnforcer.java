package io.mokube.proxy.policy;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.micrometer.core.instrument.Timer;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ApiClient;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.KubeProxyConfig;
import io.mokube.proxy.apply.RuleApplier.ApplyException;
import io.mokube.proxy.apply.nftables.NftablesPolicies;
import io.mokube.proxy.policy.compile.PolicyCompiler;
import io.mokube.proxy.policy.compile.PolicyRuleSet;
import io.mokube.proxy.policy.model.ClusterFacts;
import io.mokube.proxy.policy.model.Direction;
import io.mokube.proxy.policy.model.PolicyFacts;
import io.mokube.proxy.policy.model.PolicyReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes network policies hold on one machine. Everything that decides is looked at anew after each change, on one thread;
 * nothing is applied before all of it is known, so that a restart opens nothing. What fails is tried again.
 *
 * <p>A cluster without policies pays nothing: pods and namespaces are watched from the first policy on.
 */
public final class PolicyEnforcer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PolicyEnforcer.class);

    /** There is only one thing to work on. */
    private static final String RULES = "rules";

    private static final Duration SYNC_POLL = Duration.ofSeconds(5);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);

    private final KubeProxyConfig config;
    private final Platform platform;
    private final Store<Node> nodes;
    private final InformerFactory basics;
    private final InformerFactory details;
    private final Informer<NetworkPolicy> policies;
    private final Informer<Namespace> namespaces;
    private final PodTracker pods;
    private final NftablesPolicies kernel;
    private final ReconcileLoop<String> loop;
    private final Timer timer;

    /** What the kernel follows, null when that is not known. Used by the loop's thread. */
    private @Nullable PolicyRuleSet applied;

    /** What was applied last, whether it still holds or not: it saves work. Used by the loop's thread. */
    private @Nullable PolicyRuleSet compiled;

    /** When the machine itself was looked at, not only at what changed, and what was seen. Used by the loop's thread. */
    private @Nullable Long looked;

    private List<Cidr> podRanges = List.of();
    private Set<String> podLinks = Set.of();

    private Duration retry = FIRST_RETRY;
    private volatile boolean ready;

    /**
     * @param nodes where this machine's nodes are found, filled by others
     */
    public PolicyEnforcer(
            KubeProxyConfig config,
            Platform platform,
            ApiClient client,
            Informer<Node> nodes,
            NftablesPolicies kernel) {
        this.config = config;
        this.platform = platform;
        this.nodes = nodes.store();
        this.kernel = kernel;
        loop = new ReconcileLoop<>("network-policies", 1, any -> reconcile(nodes), platform);
        timer = Timer.builder("kubeproxy.sync.network.policies.duration")
                .description("How long it took to make the rules of network policies and to apply them.")
                .register(platform.meters());
        basics = new InformerFactory(client);
        details = new InformerFactory(client);
        policies = basics.informer(NetworkPolicy.class);
        namespaces = details.informer(Namespace.class);
        pods = new PodTracker(details.informer(Pod.class), this::change);
        policies.addHandler(Handler.each(any -> change()));
        namespaces.addHandler(new NamespaceHandler());
    }

    /** The name of the tables that hold policies, beside those for services. */
    public static String table(String servicesTable) {
        return servicesTable + "-policies";
    }

    public void start() {
        basics.start();
        change();
        loop.start();
    }

    /** Whether the policies there were at the start hold. */
    public boolean isReady() {
        return ready;
    }

    /** Something changed that rules depend on. */
    public void change() {
        loop.queue().add(RULES);
    }

    @Override
    public void close() {
        loop.stop(Duration.ofSeconds(2));
        basics.close();
        details.close();
    }

    private Outcome reconcile(Informer<Node> own) throws InterruptedException {
        awaitSynced(basics);
        while (!own.awaitSynced(SYNC_POLL)) {
            log.atInfo().setMessage("waiting for the node").log();
        }
        if (policies.store().size() > 0) {
            details.start();
            awaitSynced(details);
        }
        try {
            sync();
            retry = FIRST_RETRY;
        } catch (ApplyException e) {
            log.atWarn()
                    .setMessage("could not apply network policies; trying again")
                    .addKeyValue("reason", e.getMessage())
                    .addKeyValue("pause", retry)
                    .log();
            Duration pause = retry;
            retry = retry.multipliedBy(2).compareTo(LONGEST_RETRY) > 0 ? LONGEST_RETRY : retry.multipliedBy(2);
            return Outcome.again(pause);
        }
        // Many changes become one.
        platform.clock().sleep(config.minSyncPeriod());
        return Outcome.again(config.syncPeriod());
    }

    private static void awaitSynced(InformerFactory informers) throws InterruptedException {
        while (!informers.awaitSynced(SYNC_POLL)) {
            log.atInfo()
                    .setMessage("waiting for first lists")
                    .addKeyValue("missing", informers.notSynced())
                    .log();
        }
    }

    private void sync() {
        long begin = platform.clock().nanoTime();
        PolicyRuleSet before = applied;
        // Whatever goes wrong from here on, the kernel's tables are replaced.
        applied = null;
        boolean look = looked == null || begin - looked >= config.syncPeriod().toNanos();
        if (look && before != null && !kernel.isInPlace(before)) {
            log.atWarn()
                    .setMessage("the rules of network policies were removed by somebody else; restoring them")
                    .log();
            before = null;
        }
        PolicyRuleSet rules = PolicyCompiler.compile(facts(look), compiled);
        compiled = rules;
        kernel.apply(before, rules);
        applied = rules;
        if (look) {
            looked = begin;
        }
        timer.record(Duration.ofNanos(platform.clock().nanoTime() - begin));
        if (!ready || before == null || before.size() != rules.size()) {
            log.atInfo()
                    .setMessage("network policies are in place")
                    .addKeyValue("policies", rules.size())
                    .addKeyValue("ingress", rules.isolated(Direction.INGRESS))
                    .addKeyValue("egress", rules.isolated(Direction.EGRESS))
                    .log();
        }
        ready = true;
    }

    private ClusterFacts facts(boolean look) {
        List<PolicyFacts> all = new ArrayList<>();
        for (NetworkPolicy policy : policies.store().list()) {
            try {
                all.add(PolicyReader.read(policy));
            } catch (IllegalArgumentException e) {
                log.atWarn()
                        .setMessage("a network policy can't be understood")
                        .addKeyValue(
                                "policy",
                                policy.getMetadata().getNamespace() + "/"
                                        + policy.getMetadata().getName())
                        .addKeyValue("reason", e.getMessage())
                        .log();
            }
        }
        if (all.isEmpty()) {
            return new ClusterFacts(List.of(), List.of(), Map.of(), config.nodeNames(), List.of(), Set.of());
        }
        Map<String, Map<String, String>> labels = new HashMap<>();
        namespaces
                .store()
                .list()
                .forEach(each -> labels.put(
                        each.getMetadata().getName(),
                        PolicyReader.labels(each.getMetadata().getLabels())));
        List<Cidr> ranges = config.nodeNames().stream()
                .flatMap(name -> nodes.get(new ObjectKey("", name)).stream())
                .flatMap(PolicyEnforcer::podRanges)
                .toList();
        if (look || !ranges.equals(podRanges)) {
            podLinks = kernel.links(ranges);
            podRanges = ranges;
        }
        return new ClusterFacts(all, pods.take(), labels, config.nodeNames(), ranges, podLinks);
    }

    private static Stream<Cidr> podRanges(Node node) {
        if (node.getSpec() == null) {
            return Stream.empty();
        }
        List<String> ranges = Objects.requireNonNullElse(node.getSpec().getPodCIDRs(), List.of());
        return Stream.concat(ranges.stream(), Stream.ofNullable(node.getSpec().getPodCIDR()))
                .flatMap(each -> Cidr.parse(each).stream())
                .distinct();
    }

    /** Of a namespace only its labels decide. */
    private final class NamespaceHandler implements Handler<Namespace> {
        @Override
        public void added(Namespace namespace) {
            change();
        }

        @Override
        public void updated(Namespace before, Namespace now) {
            if (!Objects.equals(
                    before.getMetadata().getLabels(), now.getMetadata().getLabels())) {
                change();
            }
        }

        @Override
        public void deleted(Namespace namespace) {
            change();
        }
    }
}
