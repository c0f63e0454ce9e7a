package io.mokube.apiserver;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mokube.apiserver.admission.AdmissionPlugins;
import io.mokube.apiserver.admission.policies.PolicyBindings;
import io.mokube.apiserver.admission.webhooks.WebhookCalls;
import io.mokube.apiserver.admission.webhooks.WebhookConfigurations;
import io.mokube.apiserver.aggregation.Aggregator;
import io.mokube.apiserver.aggregation.ApiServices;
import io.mokube.apiserver.audit.Auditor;
import io.mokube.apiserver.authn.Authenticator;
import io.mokube.apiserver.authn.Authenticators;
import io.mokube.apiserver.authn.BootstrapTokens;
import io.mokube.apiserver.authn.CertificateAuthenticator;
import io.mokube.apiserver.authn.FrontProxies;
import io.mokube.apiserver.authn.SecretTokens;
import io.mokube.apiserver.authn.ServiceAccountTokens;
import io.mokube.apiserver.authn.StaticTokens;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.AuthorizerChain;
import io.mokube.apiserver.authz.DefaultPolicy;
import io.mokube.apiserver.authz.NodeAuthorizer;
import io.mokube.apiserver.authz.NodePods;
import io.mokube.apiserver.authz.RbacAuthorizer;
import io.mokube.apiserver.authz.RoleIndex;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.crd.CustomResources;
import io.mokube.apiserver.discovery.DiscoveryDocuments;
import io.mokube.apiserver.flowcontrol.DefaultFlows;
import io.mokube.apiserver.flowcontrol.FlowControl;
import io.mokube.apiserver.http.HttpServer;
import io.mokube.apiserver.metrics.MetricsVerbs;
import io.mokube.apiserver.metrics.NodeScraper;
import io.mokube.apiserver.peers.AdvertisedAddress;
import io.mokube.apiserver.peers.Presence;
import io.mokube.apiserver.peers.ServerIdentity;
import io.mokube.apiserver.pipeline.Health;
import io.mokube.apiserver.pipeline.Pipeline;
import io.mokube.apiserver.pipeline.ResourceRouter;
import io.mokube.apiserver.pipeline.SystemPaths;
import io.mokube.apiserver.pki.ClusterCertificates;
import io.mokube.apiserver.proxy.KubeletClient;
import io.mokube.apiserver.proxy.PodLog;
import io.mokube.apiserver.proxy.PodStreams;
import io.mokube.apiserver.proxy.ResourceProxy;
import io.mokube.apiserver.registry.CachedClusterReader;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.registry.ServiceEndpoints;
import io.mokube.apiserver.registry.StoreClusterWriter;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.embedded.EmbeddedStore;
import io.mokube.apiserver.storage.embedded.EmbeddedStoreConfig;
import io.mokube.apiserver.storage.etcd.EtcdStore;
import io.mokube.apiserver.storage.etcd.EtcdStoreConfig;
import io.mokube.apiserver.verbs.AddressRange;
import io.mokube.apiserver.verbs.AllInstances;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.apiserver.verbs.Bootstrap;
import io.mokube.apiserver.verbs.FlowUpkeep;
import io.mokube.apiserver.verbs.OwnObjects;
import io.mokube.apiserver.verbs.TokenUse;
import io.mokube.apiserver.verbs.Verb;
import io.mokube.apiserver.verbs.Verbs;
import io.mokube.apiserver.webhook.WebhookClient;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The API server: opens the store, fills the cache, and serves the Kubernetes API over TLS. */
public final class ApiServer implements Component {

    private static final Logger log = LoggerFactory.getLogger(ApiServer.class);

    /** How long a start waits until the server is ready; after that it is up and becomes ready by itself. */
    private static final Duration FIRST_READY = Duration.ofSeconds(10);

    /** How long a refusal waits for the cache to know all rights. */
    private static final Duration CATCH_UP = Duration.ofSeconds(1);

    /** How long a start waits for the custom resources; a store that is away must not keep the server from starting. */
    private static final Duration FIRST_SYNC = Duration.ofSeconds(2);

    /** How long a kubelet may take to say what its node uses. */
    private static final Duration SCRAPE = Duration.ofSeconds(10);

    /** How long a stop may wait for a store that is away. */
    private static final Duration LONGEST_GOODBYE = Duration.ofSeconds(5);

    private static final Duration BOOTSTRAP_RETRY = Duration.ofSeconds(1);

    private final ApiServerConfig config;
    private final Platform platform;
    private final List<AddressRange> serviceRanges;
    private final Optional<InetAddress> advertisedAddress;
    private @Nullable Running running;

    /** What a started server consists of. */
    private record Running(
            KeyValueStore store,
            WatchCache cache,
            HttpServer http,
            Health health,
            ClusterCertificates certificates,
            KubeletClient kubelets,
            CustomResources customResources,
            WebhookClient webhooks,
            NodeScraper scraper,
            Aggregator aggregator,
            FlowControl flows,
            FlowUpkeep flowUpkeep,
            Auditor auditor,
            Presence presence,
            Progress progress) {}

    /** Whether the server has come, and whether it is going. */
    private static final class Progress {
        private volatile boolean begun;
        private final CountDownLatch bootstrapped = new CountDownLatch(1);
    }

    public ApiServer(ApiServerConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
        this.serviceRanges = serviceRanges(config.serviceCidrs());
        this.advertisedAddress =
                advertisedAddress(config, serviceRanges.getFirst().first());
    }

    private static Optional<InetAddress> advertisedAddress(ApiServerConfig config, InetAddress family) {
        try {
            return AdvertisedAddress.of(config.advertiseAddress(), config.bindAddress(), family);
        } catch (IllegalArgumentException e) {
            throw new ComponentException("the address to advertise can't be used: " + e.getMessage(), e);
        }
    }

    private static List<AddressRange> serviceRanges(List<String> cidrs) {
        try {
            List<AddressRange> ranges = cidrs.stream().map(AddressRange::parse).toList();
            if (ranges.isEmpty() || !Family.differ(ranges, AddressRange::family)) {
                throw new IllegalArgumentException("it must be one, or one of each address family: " + cidrs);
            }
            return ranges;
        } catch (IllegalArgumentException e) {
            throw new ComponentException("the service range can't be used: " + e.getMessage(), e);
        }
    }

    @Override
    public String name() {
        return "kube-apiserver";
    }

    @Override
    public synchronized void start() {
        if (running != null) {
            return;
        }
        ClusterCertificates certificates =
                ClusterCertificates.ensure(config.dataDirectory(), servingNames(), platform.clock());
        ResourceRegistry resources = ResourceRegistry.ofBuiltIns();
        KeyValueStore store = open(config.store());
        WatchCache cache = new WatchCache(store, resources::find, platform);
        try {
            Authorizer authorizer = authorizer(cache);
            WebhookConfigurations mutatingWebhooks = WebhookConfigurations.mutating(cache);
            WebhookConfigurations validatingWebhooks = WebhookConfigurations.validating(cache);
            PrometheusMeterRegistry meters = meters();
            Auditor auditor = Auditor.open(config.audit(), platform.clock(), meters);
            DefaultFlows defaultFlows = DefaultFlows.read();
            FlowControl flows = FlowControl.follow(
                    cache,
                    defaultFlows,
                    config.requestLimits(),
                    info -> storedObjects(resources, cache, info),
                    platform.clock(),
                    meters);
            PolicyBindings mutatingPolicies = PolicyBindings.mutating(cache);
            PolicyBindings policies = PolicyBindings.validating(cache);
            ApiServices apiServices = ApiServices.of(cache);
            cache.start();
            ObjectStore objects = new ObjectStore(store, cache, platform.clock());
            CachedClusterReader reader = new CachedClusterReader(resources, cache, objects);
            WebhookClient webhooks = new WebhookClient(new ServiceEndpoints(reader));
            Backend backend = new Backend(
                    resources,
                    cache,
                    objects,
                    store,
                    AdmissionPlugins.standard(
                            reader,
                            new StoreClusterWriter(resources, objects),
                            authorizer,
                            platform,
                            mutatingPolicies,
                            policies,
                            kind -> resources.find(kind).map(ResourceRegistry.Served::definition),
                            mutatingWebhooks,
                            validatingWebhooks,
                            new WebhookCalls(webhooks, reader, authorizer)),
                    authorizer,
                    serviceRanges,
                    platform);
            CustomResources customResources = new CustomResources(
                    resources, cache, objects, new AllInstances(backend), webhooks, platform.clock());
            customResources.start();
            customResources.awaitSynced(FIRST_SYNC);
            Progress progress = new Progress();
            Health health = new Health()
                    .live("ping", () -> true)
                    .live("etcd", () -> canRead(store))
                    .ready("informer-sync", cache::isLoaded)
                    .ready("poststarthook/crd-informer-synced", customResources::isSynced)
                    .ready("poststarthook/bootstrap", () -> progress.bootstrapped.getCount() == 0)
                    .ready("shutdown", () -> !progress.begun);
            ServiceAccountTokens tokens = new ServiceAccountTokens(
                    certificates.serviceAccountKeys(), platform.clock(), holders(resources, objects));
            SecretTokens secretTokens = new SecretTokens(
                    (RSAPublicKey) certificates.serviceAccountKeys().getPublic(),
                    holders(resources, objects),
                    platform.clock(),
                    new TokenUse(backend));
            Authenticators authenticators = authenticators(tokens, secretTokens, certificates, reader);
            KubeletClient kubelets = new KubeletClient(certificates);
            NodeScraper scraper = new NodeScraper(
                    () -> reader.list(new GroupResource("", "nodes"), ""),
                    node -> kubelets.text(node, "/metrics/resource", SCRAPE),
                    platform.clock());
            Map<String, Map<String, Verb>> particular = new HashMap<>(Verbs.particular(
                    backend,
                    authorizer,
                    tokens,
                    authenticators,
                    new Verbs.NodeVerbs(
                            new PodLog(backend, kubelets),
                            new PodStreams(backend, kubelets),
                            new ResourceProxy(backend, kubelets))));
            particular.putAll(MetricsVerbs.all(backend, scraper));
            Aggregator aggregator = new Aggregator(
                    apiServices, reader, backend, new ServiceEndpoints(reader), certificates.frontProxyClient());
            Pipeline pipeline = new Pipeline(
                    authorizer,
                    aggregator,
                    new ResourceRouter(resources, Verbs.ofObjects(backend), particular),
                    new SystemPaths(
                            new DiscoveryDocuments(resources, aggregator),
                            health,
                            meters::scrape,
                            () -> ServiceAccountTokens.issuerDocument(advertisedServer()),
                            tokens::keySet,
                            platform.clock()));
            FlowUpkeep upkeep = new FlowUpkeep(backend, defaultFlows, platform.clock());
            HttpServer http = new HttpServer(
                    config.bindAddress(),
                    config.port(),
                    config.plainTextPort(),
                    certificates.serving(),
                    List.of(certificates.authorityCertificate(), certificates.frontProxyAuthority()),
                    authenticators,
                    pipeline,
                    flows,
                    cache,
                    platform.clock(),
                    meters,
                    auditor);
            http.start();
            Presence presence = new Presence(
                    new OwnObjects(backend),
                    reader,
                    store,
                    new ServerIdentity(hostname().orElse("localhost"), UUID.randomUUID()),
                    advertisedAddress,
                    http.port(),
                    platform.clock());
            running = new Running(
                    store,
                    cache,
                    http,
                    health,
                    certificates,
                    kubelets,
                    customResources,
                    webhooks,
                    scraper,
                    aggregator,
                    flows,
                    upkeep,
                    auditor,
                    presence,
                    progress);
            Thread.ofVirtual().name("bootstrap").start(() -> {
                bootstrap(new Bootstrap(backend, requestHeaders(certificates)), progress, http.port());
                presence.start();
                upkeep.start();
                flows.onChange(upkeep::look);
            });
            aggregator.start();
        } catch (RuntimeException e) {
            cache.close();
            close(store);
            throw e;
        }
        URI server = publicUri();
        certificates.ensureKubeconfigs(server);
        for (ApiServerConfig.Node node : config.nodes()) {
            certificates.issueNode(node.name(), node.addresses(), server);
        }
        awaitBootstrap();
        log.atInfo().setMessage("serving").addKeyValue("uri", server).log();
    }

    /** How the servers of other groups know whom this server speaks for. */
    private static Map<String, String> requestHeaders(ClusterCertificates certificates) {
        return Map.of(
                "client-ca-file", certificates.authorityPem(),
                "requestheader-allowed-names", "[\"" + ClusterCertificates.FRONT_PROXY + "\"]",
                "requestheader-client-ca-file", certificates.frontProxyAuthorityPem(),
                "requestheader-extra-headers-prefix", "[\"X-Remote-Extra-\"]",
                "requestheader-group-headers", "[\"X-Remote-Group\"]",
                "requestheader-uid-headers", "[\"X-Remote-Uid\"]",
                "requestheader-username-headers", "[\"X-Remote-User\"]");
    }

    /** How many objects there are of what is listed; the cache is not asked for what nobody serves, for it would make room. */
    private static int storedObjects(ResourceRegistry resources, WatchCache cache, RequestInfo info) {
        GroupResource listed = new GroupResource(info.group(), info.resource());
        return resources.find(listed).isPresent() ? cache.list(listed).objects().size() : 0;
    }

    /** Tries until the first objects are there: without them nothing can be created. */
    private void bootstrap(Bootstrap bootstrap, Progress progress, int port) {
        while (!progress.begun) {
            try {
                bootstrap.ensure(config.serviceCidrs(), serviceRanges.getFirst().first(), port);
                progress.bootstrapped.countDown();
                return;
            } catch (RuntimeException e) {
                log.atWarn()
                        .setMessage("the cluster's first objects can't be created; trying again")
                        .setCause(e)
                        .log();
            }
            try {
                platform.clock().sleep(BOOTSTRAP_RETRY);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Waits a while, so that whoever starts a server whose store can be reached can use it at once. */
    private void awaitBootstrap() {
        try {
            boolean ready = started().progress().bootstrapped.await(FIRST_READY.toSeconds(), TimeUnit.SECONDS);
            if (!ready) {
                log.atWarn()
                        .setMessage("serving, but not ready yet: the store can't be reached")
                        .log();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public Readiness readiness() {
        Running server = running;
        if (server == null) {
            return Readiness.waitingFor("the API server is not started");
        }
        return server.health().isReady() ? Readiness.READY : Readiness.waitingFor("the state of the cluster to load");
    }

    @Override
    public synchronized void stop(Duration grace) {
        Running server = running;
        if (server == null) {
            return;
        }
        running = null;
        server.progress().begun = true;
        server.presence().leave(grace.compareTo(LONGEST_GOODBYE) < 0 ? grace : LONGEST_GOODBYE);
        // Watches would outlive any grace: their clients watch again, elsewhere.
        server.cache().endWatches();
        server.flowUpkeep().close();
        server.flows().close();
        server.http().stop(grace);
        server.auditor().close();
        server.customResources().close();
        server.webhooks().close();
        server.scraper().close();
        server.aggregator().close();
        server.kubelets().close();
        server.cache().close();
        close(server.store());
        log.atInfo().setMessage("stopped").log();
    }

    /** The port that is listened on; only for a started server. */
    public int port() {
        return started().http().port();
    }

    /** How other components reach the server; only for a started server. */
    public URI publicUri() {
        URI configured = config.publicUri();
        return configured != null ? configured : URI.create("https://127.0.0.1:" + port());
    }

    /** How the others of the cluster reach the server. */
    private String advertisedServer() {
        return advertisedAddress
                .map(address -> address instanceof Inet6Address
                        ? "https://[" + address.getHostAddress() + "]:" + port()
                        : "https://" + address.getHostAddress() + ":" + port())
                .orElseGet(() -> publicUri().toString());
    }

    /** Where the server is reached without TLS; only for a started server that has such a port. */
    public URI plainTextUri() {
        return URI.create("http://127.0.0.1:" + started().http().plainTextPort());
    }

    /** The certificates and kubeconfig files; only for a started server. */
    public ClusterCertificates certificates() {
        return started().certificates();
    }

    /** The admin's kubeconfig file; only for a started server. */
    public Path adminKubeconfig() {
        return certificates().adminKubeconfig();
    }

    private Running started() {
        Running server = running;
        if (server == null) {
            throw new IllegalStateException("the API server is not started");
        }
        return server;
    }

    /** Nodes are known before roles, as in Kubernetes' {@code --authorization-mode=Node,RBAC}. */
    private static Authorizer authorizer(WatchCache cache) {
        return new AuthorizerChain(
                List.of(
                        new NodeAuthorizer(DefaultPolicy.read().rulesOf("system:node"), NodePods.of(cache)),
                        new RbacAuthorizer(RoleIndex.of(cache))),
                () -> catchUp(cache));
    }

    private static boolean catchUp(WatchCache cache) {
        try {
            long before = cache.revision();
            long now = cache.currentRevision();
            return now > before && cache.await(now, CATCH_UP);
        } catch (RuntimeException e) {
            return false;
        }
    }

    private static ServiceAccountTokens.Lookup holders(ResourceRegistry resources, ObjectStore objects) {
        return new ServiceAccountTokens.Lookup() {
            @Override
            public @Nullable StoredObject cached(String plural, ObjectKey key) {
                return objects.getCached(definition(plural), key);
            }

            @Override
            public @Nullable StoredObject stored(String plural, ObjectKey key) {
                return objects.getStored(definition(plural), key);
            }

            private ResourceDefinition definition(String plural) {
                return resources.find(new GroupResource("", plural)).orElseThrow();
            }
        };
    }

    private Authenticators authenticators(
            ServiceAccountTokens tokens,
            SecretTokens secretTokens,
            ClusterCertificates certificates,
            CachedClusterReader reader) {
        List<Authenticator> all = new ArrayList<>(List.of(
                new FrontProxies(
                        new CertificateAuthenticator(certificates.frontProxyAuthority(), platform.clock()),
                        Set.of(ClusterCertificates.FRONT_PROXY)),
                new CertificateAuthenticator(certificates.authorityCertificate(), platform.clock()),
                tokens,
                secretTokens,
                new BootstrapTokens(
                        name -> reader.get(new GroupResource("", "secrets"), new ObjectKey("kube-system", name)),
                        platform.clock())));
        Path file = config.tokenFile();
        if (file != null) {
            all.add(StaticTokens.read(file));
        }
        return new Authenticators(all);
    }

    private KeyValueStore open(StoreConfig store) {
        return switch (store) {
            case StoreConfig.InMemory ignored -> EmbeddedStore.open(EmbeddedStoreConfig.inMemory(), platform);
            case StoreConfig.Embedded embedded ->
                EmbeddedStore.open(EmbeddedStoreConfig.at(embedded.directory()), platform);
            case StoreConfig.Etcd etcd ->
                EtcdStore.open(
                        EtcdStoreConfig.of(etcd.endpoints(), etcd.authority(), etcd.certificate(), etcd.key()),
                        platform);
            case StoreConfig.Existing existing -> existing.store();
        };
    }

    private void close(KeyValueStore store) {
        if (!(config.store() instanceof StoreConfig.Existing)) {
            store.close();
        }
    }

    private static boolean canRead(KeyValueStore store) {
        try {
            return store.currentRevision() > 0;
        } catch (RuntimeException e) {
            return false;
        }
    }

    private PrometheusMeterRegistry meters() {
        // A registry that can be scraped is used as it is, so that one scrape shows everything in the process.
        return platform.meters() instanceof PrometheusMeterRegistry given
                ? given
                : new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    }

    private List<String> servingNames() {
        List<String> names = new ArrayList<>(List.of(
                "localhost",
                "127.0.0.1",
                "::1",
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
                "kubernetes.default.svc.cluster.local",
                IpAddress.of(serviceRanges.getFirst().first()).text()));
        names.addAll(config.extraNames());
        URI configured = config.publicUri();
        if (configured != null) {
            names.add(Objects.requireNonNull(configured.getHost()).replaceAll("[\\[\\]]", ""));
        }
        if (!config.bindAddress().equals("0.0.0.0") && !config.bindAddress().equals("::")) {
            names.add(config.bindAddress());
        }
        advertisedAddress.map(InetAddress::getHostAddress).ifPresent(names::add);
        hostname().ifPresent(names::add);
        return names.stream().distinct().toList();
    }

    private static Optional<String> hostname() {
        try {
            return Optional.of(InetAddress.getLocalHost().getHostName());
        } catch (UnknownHostException e) {
            log.atDebug()
                    .setMessage("this machine's name does not resolve")
                    .setCause(e)
                    .log();
            return Optional.empty();
        }
    }
}
