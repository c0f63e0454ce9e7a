package io.mokube.standalone.command;

import io.mokube.apiserver.audit.AuditConfig;
import io.mokube.controllermanager.controllers.loadbalancer.AddressPool;
import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.docker.DockerEngine;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.scheduler.config.SchedulerConfiguration;
import io.mokube.standalone.cluster.Cluster;
import io.mokube.standalone.cluster.ClusterConfig;
import io.mokube.standalone.cluster.ClusterFolder;
import io.mokube.standalone.cluster.RuntimeKind;
import io.mokube.standalone.cluster.StoreKind;
import io.mokube.standalone.host.HostPackage;
import io.mokube.standalone.host.HostSetup;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code mokube up}: starts a cluster, in the foreground or detached. */
@Command(
        name = "up",
        description =
                "Starts a cluster and prints where its kubeconfig is. Stops it on Ctrl-C, or runs on with --detach.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class UpCommand implements Callable<Integer> {

    private static final int MOST_REAL_NODES = 20;
    private static final int MOST_HOLLOW_NODES = 5000;
    private static final int AUDIT_BACKUPS = 10;
    private static final Duration STOP_GRACE = Duration.ofSeconds(20);

    /** What the user may ask for; {@code auto} is decided by what the machine allows. */
    enum RuntimeChoice {
        AUTO,
        CONTAINERD,
        DOCKER,
        HOLLOW
    }

    @Option(names = "--nodes", paramLabel = "N", defaultValue = "1", description = "How many nodes (default: 1).")
    private int nodes = 1;

    @Option(
            names = "--runtime",
            paramLabel = "RUNTIME",
            defaultValue = "AUTO",
            description = "auto, containerd, docker, or hollow (runs no containers). Default: auto.")
    private RuntimeChoice runtime = RuntimeChoice.AUTO;

    @Option(
            names = "--store",
            paramLabel = "STORE",
            defaultValue = "EMBEDDED",
            description =
                    "embedded (in this process, durable), memory (gone with this process), or etcd. Default: embedded.")
    private StoreKind store = StoreKind.EMBEDDED;

    @Option(
            names = "--etcd-endpoints",
            paramLabel = "URLS",
            split = ",",
            description =
                    "The etcd cluster's client URLs, with --store etcd. Without them a member of its own is started.")
    private List<String> etcdEndpoints = new ArrayList<>();

    @Mixin
    private FolderOption folder = new FolderOption();

    @Option(
            names = "--port",
            paramLabel = "P",
            defaultValue = "6443",
            description = "The API server's port, 0 for any free one (default: 6443).")
    private int port = 6443;

    @Option(
            names = "--advertise-address",
            paramLabel = "IP",
            description =
                    "Which of this machine's addresses pods reach the API server at. Default: the one on the way out;"
                            + " with 127.0.0.1 it listens to this machine alone, and pods don't reach it.")
    private @Nullable String advertiseAddress;

    @Option(
            names = "--scheduler-config",
            paramLabel = "FILE",
            description = "The scheduler's configuration, a file of kind KubeSchedulerConfiguration.")
    private @Nullable Path schedulerConfig;

    @Option(
            names = "--audit-policy-file",
            paramLabel = "FILE",
            description = "Which requests to the API server are audited: a file of kind audit.k8s.io/v1 Policy.")
    private @Nullable Path auditPolicyFile;

    @Option(
            names = "--audit-log-path",
            paramLabel = "FILE",
            description = "Where audited requests are written, a line of JSON for each. Default: audit.log in --data.")
    private @Nullable Path auditLogPath;

    @Option(
            names = "--audit-webhook-config-file",
            paramLabel = "FILE",
            description =
                    "To whom audited requests are posted: a kubeconfig file. Without --audit-log-path no log is kept.")
    private @Nullable Path auditWebhookConfigFile;

    @Option(
            names = "--kubelet-config",
            paramLabel = "FILE",
            description =
                    "The nodes' configuration, a file of kind KubeletConfiguration: what is reserved, when pods are"
                            + " evicted, static pods, and so on. Without one, nodes leave the machine's disk and images alone.")
    private @Nullable Path kubeletConfig;

    @Option(
            names = "--load-balancer-pool",
            paramLabel = "RANGES",
            split = ",",
            description = "The addresses of services of type LoadBalancer: blocks (192.0.2.0/28) and ranges"
                    + " (192.0.2.10-192.0.2.20). Default: some that this machine and its pods reach.")
    private List<String> loadBalancerPool = new ArrayList<>();

    @Option(
            names = "--dual-stack",
            description = "Give pods and nodes IPv6 addresses beside those of IPv4, and services that ask for them;"
                    + " with --runtime containerd.")
    private boolean dualStack;

    @Option(names = "--detach", description = "Return once all nodes are ready; stop the cluster with `mokube down`.")
    private boolean detach;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        ClusterFolder target = folder.folder();
        target.running().ifPresent(running -> {
            throw new ComponentException("a cluster is running in " + target.path() + " (process " + running.pid()
                    + "): stop it with `mokube down`, or give this one another folder with --data and another --port");
        });
        Progress progress = new Progress(spec.commandLine().getOut());
        ClusterConfig config = config(target, progress);
        new HostSetup(progress::say).require(packages(config));
        if (detach) {
            new DetachedCluster(target, progress).start(arguments(config));
            progress.say("Stop it with: mokube down");
        } else {
            run(config, progress);
        }
        return 0;
    }

    /** The configuration that the options describe; options that make no sense end with code 2. */
    private ClusterConfig config(ClusterFolder target, Progress progress) {
        if (port < 0 || port > 65535) {
            throw refuse("--port must be between 0 and 65535, not " + port);
        }
        if (store != StoreKind.ETCD && !etcdEndpoints.isEmpty()) {
            throw refuse("--etcd-endpoints needs --store etcd");
        }
        for (String endpoint : etcdEndpoints) {
            if (!isHttpUrl(endpoint)) {
                throw refuse("--etcd-endpoints takes URLs such as http://127.0.0.1:2379, not \"" + endpoint + "\"");
            }
        }
        RuntimeKind chosen = runtime(progress);
        int most =
                switch (chosen) {
                    case CONTAINERD, DOCKER -> MOST_REAL_NODES;
                    case HOLLOW -> MOST_HOLLOW_NODES;
                };
        if (nodes < 1 || nodes > most) {
            throw refuse("--nodes must be between 1 and " + most + " with this runtime, not " + nodes);
        }
        if (advertiseAddress != null && !isAddress(advertiseAddress)) {
            throw refuse("--advertise-address takes an address such as 192.0.2.1, not \"" + advertiseAddress + "\"");
        }
        if (dualStack && chosen != RuntimeKind.CONTAINERD) {
            throw refuse("--dual-stack needs --runtime containerd");
        }
        return new ClusterConfig(
                target.path(),
                nodes,
                chosen,
                store,
                etcdEndpoints,
                port,
                advertiseAddress,
                schedulerFile(),
                kubeletFile(),
                pool(),
                dualStack,
                docker(chosen),
                audit(target));
    }

    private @Nullable AuditConfig audit(ClusterFolder target) {
        Path policy = auditPolicyFile;
        if (policy == null) {
            if (auditLogPath != null || auditWebhookConfigFile != null) {
                throw refuse("--audit-log-path and --audit-webhook-config-file need --audit-policy-file");
            }
            return null;
        }
        Path log = auditLogPath;
        if (log == null && auditWebhookConfigFile == null) {
            log = target.path().resolve("audit.log");
        }
        return new AuditConfig(
                policy.toAbsolutePath(),
                log == null ? null : log.toAbsolutePath().toString(),
                0,
                AUDIT_BACKUPS,
                0,
                auditWebhookConfigFile == null ? null : auditWebhookConfigFile.toAbsolutePath(),
                AuditConfig.STANDARD_WAIT);
    }

    private List<String> pool() {
        try {
            AddressPool.parse(loadBalancerPool);
        } catch (IllegalArgumentException e) {
            throw refuse("--load-balancer-pool: " + e.getMessage());
        }
        return loadBalancerPool;
    }

    /** The file, read once now, so that a mistake in it is told before anything is started. */
    private @Nullable Path schedulerFile() {
        if (schedulerConfig == null) {
            return null;
        }
        Path file = schedulerConfig.toAbsolutePath();
        try {
            SchedulerConfiguration.read(file);
        } catch (IllegalArgumentException e) {
            throw refuse(String.valueOf(e.getMessage()));
        }
        return file;
    }

    /** The same for the nodes' file. */
    private @Nullable Path kubeletFile() {
        if (kubeletConfig == null) {
            return null;
        }
        Path file = kubeletConfig.toAbsolutePath();
        try {
            NodePolicy.read(file);
        } catch (IllegalArgumentException e) {
            throw refuse(String.valueOf(e.getMessage()));
        }
        return file;
    }

    private RuntimeKind runtime(Progress progress) {
        return switch (runtime) {
            case HOLLOW -> RuntimeKind.HOLLOW;
            case CONTAINERD -> {
                needRoot();
                yield RuntimeKind.CONTAINERD;
            }
            case DOCKER -> {
                needRoot();
                docker(RuntimeKind.DOCKER).missing().ifPresent(message -> {
                    throw new ComponentException(message + ", or use --runtime containerd");
                });
                yield RuntimeKind.DOCKER;
            }
            case AUTO -> {
                if (HostSetup.isRoot()) {
                    if (ContainerdLauncher.missing().isPresent() && dockerAnswers()) {
                        progress.say("containerd is not installed, but a Docker Engine runs: the nodes use that.");
                        yield RuntimeKind.DOCKER;
                    }
                    yield RuntimeKind.CONTAINERD;
                }
                progress.say(
                        "Not root, so the nodes are hollow: pods look as if they ran, but no container is started.");
                yield RuntimeKind.HOLLOW;
            }
        };
    }

    /** Also with Docker: the pods' volumes and logs belong to the containers' users. */
    private static void needRoot() {
        if (!HostSetup.isRoot()) {
            throw new ComponentException(
                    "containers need root: run with sudo, or use --runtime hollow, which runs none");
        }
    }

    private static DockerEngine docker(RuntimeKind chosen) {
        return DockerEngine.named(chosen == RuntimeKind.DOCKER ? System.getenv("DOCKER_HOST") : null);
    }

    private static boolean dockerAnswers() {
        try {
            return docker(RuntimeKind.DOCKER).missing().isEmpty();
        } catch (ComponentException e) {
            return false;
        }
    }

    private static boolean isAddress(String text) {
        try {
            return InetAddress.ofLiteral(text).getAddress().length == 4;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isHttpUrl(String text) {
        try {
            URI uri = URI.create(text);
            return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private ParameterException refuse(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private static List<HostPackage> packages(ClusterConfig config) {
        List<HostPackage> packages = new ArrayList<>();
        switch (config.runtime()) {
            case CONTAINERD -> packages.addAll(SetupCommand.CONTAINERD_NODES);
            // The image that holds a pod's namespaces is made from busybox.
            case DOCKER ->
                packages.addAll(
                        List.of(HostPackage.BUSYBOX, HostPackage.IPROUTE, HostPackage.NFTABLES, HostPackage.CONNTRACK));
            case HOLLOW -> {}
        }
        if (config.store() == StoreKind.ETCD && config.etcdEndpoints().isEmpty()) {
            packages.add(HostPackage.ETCD);
        }
        return packages;
    }

    /** The command line that makes another process run the same cluster in its foreground. */
    private List<String> arguments(ClusterConfig config) {
        List<String> arguments = new ArrayList<>(List.of(
                "up",
                "--nodes=" + config.nodes(),
                "--runtime=" + config.runtime(),
                "--store=" + config.store(),
                "--data=" + config.folder(),
                "--port=" + config.port()));
        if (!config.etcdEndpoints().isEmpty()) {
            arguments.add("--etcd-endpoints=" + String.join(",", config.etcdEndpoints()));
        }
        if (config.advertiseAddress() != null) {
            arguments.add("--advertise-address=" + config.advertiseAddress());
        }
        if (config.dualStack()) {
            arguments.add("--dual-stack");
        }
        if (!config.loadBalancerPool().isEmpty()) {
            arguments.add("--load-balancer-pool=" + String.join(",", config.loadBalancerPool()));
        }
        if (config.schedulerFile() != null) {
            arguments.add("--scheduler-config=" + config.schedulerFile());
        }
        AuditConfig audit = config.audit();
        if (audit != null) {
            arguments.add("--audit-policy-file=" + audit.policyFile());
            if (audit.logPath() != null) {
                arguments.add("--audit-log-path=" + audit.logPath());
            }
            if (audit.webhookConfigFile() != null) {
                arguments.add("--audit-webhook-config-file=" + audit.webhookConfigFile());
            }
        }
        if (config.kubeletFile() != null) {
            arguments.add("--kubelet-config=" + config.kubeletFile());
        }
        return arguments;
    }

    private void run(ClusterConfig config, Progress progress) {
        ClusterFolder target = new ClusterFolder(config.folder());
        System.setProperty("mokube.log", target.log().toString());
        // Tomcat speaks to java.util.logging: into the cluster's log with it.
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        long begin = System.nanoTime();
        try (AutoCloseable owned = target.own(config)) {
            CountDownLatch stopped = new CountDownLatch(1);
            Cluster cluster = new Cluster(config, Platform.system(), progress::say);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                cluster.stop(STOP_GRACE);
                stopped.countDown();
            }));
            cluster.start();
            cluster.awaitNodesReady(Duration.ofMinutes(2));
            progress.say("Ready in %.1f s. Use it with:".formatted((System.nanoTime() - begin) / 1e9));
            progress.say("  export KUBECONFIG=" + target.kubeconfig());
            progress.say(DetachedCluster.READY);
            stopped.await();
        } catch (ComponentException e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            throw new ComponentException("the cluster could not be started: " + e, e);
        }
    }
}
