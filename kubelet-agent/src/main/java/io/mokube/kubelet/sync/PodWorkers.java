package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.rest.ApiClient;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.devices.DeviceClaims;
import io.mokube.kubelet.images.PullRecords;
import io.mokube.kubelet.lifecycle.Ending;
import io.mokube.kubelet.lifecycle.PodEvent;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.Threshold.Pressure;
import io.mokube.kubelet.probe.PodProbes;
import io.mokube.kubelet.probe.ProbeSender;
import io.mokube.kubelet.resources.Admission;
import io.mokube.kubelet.resources.GroupLimits;
import io.mokube.kubelet.resources.NodeAmounts;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.sync.RuntimeObserver.Trace;
import io.mokube.kubelet.volume.CsiDrivers;
import io.mokube.kubelet.volume.VolumeUsage;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workers of all pods on the node: one for each pod that the API server assigns to it, and one for each that only the
 * runtime still has. Watches both sides and wakes whom it concerns.
 */
public final class PodWorkers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PodWorkers.class);

    private final KubeletConfig config;
    private final Clock clock;
    private final RuntimeObserver observer;
    private final ActionExecutor executor;
    private final Informer<Pod> pods;
    private final PodWorker.Shared shared;
    private final Map<String, PodWorker> workers = new ConcurrentHashMap<>();
    private final Timer startTimes;
    private final Timer relistTimes;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closed;
    private volatile boolean relisted;

    private final CgroupFolders groups;
    private final Allocations allocations;
    private final NodeFacts node;
    private final Map<String, GroupLimits> classLimits = new HashMap<>();
    private final PodTree tree;
    private volatile Set<Pressure> pressures = Set.of();
    private volatile boolean shuttingDown;
    private volatile boolean staticPodsKnown;
    private boolean foldersLookedAt;
    /** By UID of a static pod, that of the object that showed it last. */
    private final Map<String, String> shown = new ConcurrentHashMap<>();

    /**
     * What the node has.
     *
     * @param amounts how much of it is for pods
     * @param maxPods how many pods may run
     * @param groups the pods' control groups
     * @param runtime what the runtime calls itself
     */
    public record NodeFacts(
            List<String> addresses, NodeAmounts amounts, int maxPods, CgroupFolders groups, String runtime) {}

    /**
     * @param files whether the runtime's containers see files of the host
     * @param drivers the drivers of volumes that the node has
     * @param devices what pods have of the node's devices
     */
    public PodWorkers(
            KubeletConfig config,
            Platform platform,
            ContainerRuntime runtime,
            boolean files,
            ApiClient client,
            EventRecorder events,
            Informer<Pod> pods,
            Store<Service> services,
            NodeFacts node,
            CsiDrivers drivers,
            DeviceClaims devices) {
        this.config = config;
        this.clock = platform.clock();
        this.pods = pods;
        this.node = node;
        this.groups = node.groups();
        this.staticPodsKnown = config.policy().staticPods().isEmpty();
        this.tree = new PodTree(config.root());
        this.allocations = new Allocations(tree, files, this::node, this::others);
        long cpuMillis = node.amounts().allocatable().cpuMillis();
        long memoryBytes = node.amounts().allocatable().memoryBytes();
        this.observer = new RuntimeObserver(
                runtime, node.runtime(), config.nodeName(), config.address(), tree, platform.clock());
        RuntimeConfigs configs =
                new RuntimeConfigs(config, tree, node.amounts().capacity().memoryBytes());
        this.executor = new ActionExecutor(
                runtime,
                configs,
                tree,
                files,
                client,
                new ActionExecutor.Surroundings(
                        config.nodeName(),
                        node.addresses(),
                        cpuMillis,
                        memoryBytes,
                        pod -> visibleServices(pod, services),
                        drivers,
                        devices,
                        new PullRecords(
                                config.root().resolve("image_manager"),
                                config.policy().verification(),
                                clock)),
                groups,
                config.policy().podPids(),
                clock);
        ProbeSender sender = new ProbeSender(runtime);
        this.shared = new PodWorker.Shared(
                observer,
                executor,
                events,
                node.addresses(),
                clock,
                listener -> new PodProbes(sender, clock, platform.random(), listener),
                () -> new StatusWriter(client, clock, this::shownBy),
                allocations);
        MeterRegistry meters = platform.meters();
        this.startTimes = Timer.builder("kubelet.pod.start.duration").register(meters);
        this.relistTimes = Timer.builder("kubelet.pleg.relist.duration").register(meters);
        Gauge.builder("kubelet.running.pods", this, PodWorkers::runningPods).register(meters);
        Gauge.builder("kubelet.running.containers", this, PodWorkers::runningContainers)
                .register(meters);
    }

    private double runningPods() {
        return workers.values().stream()
                .filter(worker -> worker.runningContainers() > 0)
                .count();
    }

    private double runningContainers() {
        return workers.values().stream().mapToInt(PodWorker::runningContainers).sum();
    }

    /** The API server's own service, and those of the pod's namespace unless it does not want them. */
    private static List<Service> visibleServices(Pod pod, Store<Service> services) {
        boolean links = !Boolean.FALSE.equals(pod.getSpec().getEnableServiceLinks());
        return services.list().stream()
                .filter(service -> {
                    String namespace = service.getMetadata().getNamespace();
                    boolean master = namespace.equals("default")
                            && service.getMetadata().getName().equals("kubernetes");
                    return master
                            || (links && namespace.equals(pod.getMetadata().getNamespace()));
                })
                .toList();
    }

    // ---- what the node can take

    private Admission.Node node() {
        return new Admission.Node(node.amounts().allocatable(), node.maxPods(), pressures, shuttingDown);
    }

    /** The other pods that have not ended. */
    private List<Pod> others(Pod pod) {
        return workers.values().stream()
                .filter(worker -> worker.wanted()
                        && !worker.over()
                        && !PodFacts.ended(worker.pod().getStatus()))
                .map(PodWorker::pod)
                .filter(other -> !PodFacts.uid(other).equals(PodFacts.uid(pod)))
                .toList();
    }

    /** What the node is short of, as new pods are told. */
    public void setPressures(Set<Pressure> told) {
        pressures = Set.copyOf(told);
    }

    /** From now on no pod is taken. */
    public void setShuttingDown() {
        shuttingDown = true;
    }

    /** The pods that something runs of. */
    public List<Pod> running() {
        return workers.values().stream()
                .filter(worker -> worker.wanted() && worker.runningContainers() > 0 && !worker.endOrdered())
                .map(PodWorker::pod)
                .toList();
    }

    /** The pods that have not ended, whether or not something runs of them yet, and were not told to. */
    public List<Pod> active() {
        return workers.values().stream()
                .filter(worker -> worker.wanted()
                        && !worker.over()
                        && !worker.endOrdered()
                        && !PodFacts.ended(worker.pod().getStatus()))
                .map(PodWorker::pod)
                .toList();
    }

    /** Ends a pod for a reason of the node's. */
    public void end(Pod pod, Ending ending) {
        PodWorker worker = workers.get(PodFacts.uid(pod));
        if (worker != null) {
            worker.tell(PodEvent.warning(ending.reason(), ending.message(), ""));
            worker.end(ending);
        }
    }

    /** Whether nothing of the pod runs any more. */
    public boolean over(Pod pod) {
        PodWorker worker = workers.get(PodFacts.uid(pod));
        return worker == null || worker.over();
    }

    /** Whether nothing of the pod runs any more, and what its volumes took up is free again. */
    public boolean reclaimed(Pod pod) {
        PodWorker worker = workers.get(PodFacts.uid(pod));
        return worker == null || worker.reclaimed();
    }

    /**
     * Has what the runtime keeps of pods that have ended removed: their containers, with what these wrote and logged. Returns the
     * pods of which there is something.
     */
    public List<Pod> makeRoom() {
        List<PodWorker> ended = workers.values().stream()
                .filter(worker -> worker.wanted() && worker.over() && !worker.forgotten())
                .toList();
        ended.forEach(PodWorker::makeRoom);
        return ended.stream().map(PodWorker::pod).toList();
    }

    /** Whether the runtime keeps nothing of the pod. */
    public boolean forgotten(Pod pod) {
        PodWorker worker = workers.get(PodFacts.uid(pod));
        return worker == null || worker.forgotten();
    }

    /** How full the volumes of a pod are. */
    public List<VolumeUsage> volumeUsage(String uid) {
        PodWorker worker = workers.get(uid);
        return worker == null ? List.of() : executor.volumeUsage(worker.pod());
    }

    /** Forgets with which credentials images were pulled, but for those that the runtime had at a time. */
    public void forgetOtherImages(List<Image> present, Instant at) {
        executor.forgetOtherImages(present, at);
    }

    /** Where a pod's files are. */
    public PodTree tree() {
        return tree;
    }

    private static boolean isNew(Pod pod) {
        return pod.getStatus() == null || (pod.getStatus().getStartTime() == null && !PodFacts.ended(pod.getStatus()));
    }

    private void admit(PodWorker worker, Pod pod) {
        if (!isNew(pod) || PodFacts.beingDeleted(pod) || (PodFacts.isStatic(pod) && !shuttingDown)) {
            return;
        }
        Admission.refusal(pod, others(pod), node()).ifPresent(refusal -> {
            worker.tell(PodEvent.warning(refusal.reason(), refusal.message(), ""));
            worker.end(new Ending(
                    refusal.reason(), "Pod was rejected: " + refusal.message(), Optional.of(Duration.ZERO), false));
            log.atInfo()
                    .setMessage("a pod was refused")
                    .addKeyValue("pod", PodFacts.key(pod))
                    .addKeyValue("reason", refusal.message())
                    .log();
        });
    }

    /** Classes of pods weigh as much as their pods together. */
    private synchronized void weighClasses() {
        if (!groups.managed()) {
            return;
        }
        List<Pod> all = workers.values().stream()
                .filter(worker -> worker.wanted() && !worker.over())
                .map(PodWorker::pod)
                .toList();
        for (String qosClass : List.of("BestEffort", "Burstable")) {
            GroupLimits limits = GroupLimits.ofClass(qosClass, all);
            if (limits.equals(classLimits.put(qosClass, limits))) {
                continue;
            }
            try {
                groups.limitClass(qosClass, limits);
            } catch (IOException e) {
                log.atWarn()
                        .setMessage("the weight of pods was not set")
                        .addKeyValue("class", qosClass)
                        .addKeyValue("reason", e.getMessage())
                        .log();
            }
        }
    }

    // ---- static pods

    /** The static pods that the node is to run: what is not among them ends, and what is new begins. */
    public void setStatic(Collection<Pod> pods) {
        Set<String> wanted = pods.stream().map(PodFacts::uid).collect(Collectors.toSet());
        for (PodWorker worker : workers.values()) {
            if (PodFacts.isStatic(worker.pod()) && worker.wanted() && !wanted.contains(PodFacts.uid(worker.pod()))) {
                gone(worker.pod());
            }
        }
        for (Pod pod : pods) {
            // A changed file is another pod of the same name: it waits until the one before it has ended.
            boolean free = workers.values().stream()
                    .noneMatch(worker -> PodFacts.key(worker.pod()).equals(PodFacts.key(pod)));
            if (free) {
                launch(pod, true);
            } else {
                showAgain(pod);
            }
        }
        staticPodsKnown = true;
    }

    /** Has a new object that shows a static pod told how that is. */
    private void showAgain(Pod pod) {
        PodWorker worker = workers.get(PodFacts.uid(pod));
        if (worker != null
                && shownBy(pod)
                        .filter(uid -> !uid.equals(shown.get(PodFacts.uid(pod))))
                        .isPresent()) {
            shown.put(PodFacts.uid(pod), shownBy(pod).orElse(""));
            worker.wake();
        }
    }

    /** The names of static pods that have not ended altogether. */
    public Set<ObjectKey> staticKeys() {
        return workers.values().stream()
                .map(PodWorker::pod)
                .filter(PodFacts::isStatic)
                .map(PodFacts::key)
                .collect(Collectors.toSet());
    }

    /** The UID of the object that shows the pod at the API server. */
    private Optional<String> shownBy(Pod pod) {
        if (!PodFacts.isStatic(pod)) {
            return Optional.of(PodFacts.uid(pod));
        }
        String hash = pod.getMetadata().getAnnotations().get(PodFacts.CONFIG_HASH);
        return pods.store()
                .get(PodFacts.key(pod))
                .filter(object -> PodFacts.isMirror(object)
                        && !PodFacts.beingDeleted(object)
                        && Objects.equals(
                                hash, object.getMetadata().getAnnotations().get(PodFacts.CONFIG_MIRROR)))
                .map(PodFacts::uid);
    }

    /** Begins to look after the pods; returns at once. The informer must be started by the caller afterwards. */
    public void start() {
        executor.recoverPulls();
        pods.addHandler(new Handler<>() {
            @Override
            public void added(Pod pod) {
                assigned(pod);
            }

            @Override
            public void updated(Pod before, Pod now) {
                if (!Objects.equals(PodFacts.uid(before), PodFacts.uid(now))) {
                    gone(before);
                }
                assigned(now);
            }

            @Override
            public void deleted(Pod last) {
                gone(last);
            }
        });
        threads.add(Thread.ofVirtual().name("relist").start(this::relistForEver));
        threads.add(Thread.ofVirtual().name("volume refresh").start(this::refreshForEver));
    }

    /** Whether the runtime has been looked at, so that what it has is known. */
    public boolean ready() {
        return relisted && pods.hasSynced();
    }

    /** The pods that are looked after. */
    public Collection<Pod> pods() {
        return workers.values().stream()
                .filter(PodWorker::wanted)
                .map(PodWorker::pod)
                .toList();
    }

    private void assigned(Pod pod) {
        if (closed || PodFacts.isMirror(pod)) {
            return;
        }
        PodWorker known = workers.get(PodFacts.uid(pod));
        if (known != null) {
            known.update(pod, true);
            return;
        }
        launch(pod, true);
    }

    private synchronized void launch(Pod pod, boolean wanted) {
        if (closed || workers.containsKey(PodFacts.uid(pod))) {
            return;
        }
        PodWorker worker = new PodWorker(pod, wanted, shared, this::finished, startTimes::record);
        if (wanted) {
            admit(worker, pod);
        }
        workers.put(PodFacts.uid(pod), worker);
        weighClasses();
        worker.start();
    }

    private void finished(PodWorker worker) {
        String uid = PodFacts.uid(worker.pod());
        workers.remove(uid, worker);
        allocations.forget(uid);
        shown.remove(uid);
        weighClasses();
    }

    private void gone(Pod last) {
        PodWorker worker = workers.get(PodFacts.uid(last));
        if (worker != null) {
            worker.update(last, false);
        }
    }

    // ---- the runtime's side

    private void relistForEver() {
        try {
            while (!closed) {
                try {
                    relistTimes.record(this::relist);
                } catch (RuntimeCallException e) {
                    log.atWarn()
                            .setMessage("can't list what the runtime runs")
                            .addKeyValue("reason", e.text())
                            .log();
                } catch (RuntimeException e) {
                    log.atError().setMessage("the relist failed").setCause(e).log();
                }
                clock.sleep(config.timings().relist());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void relist() {
        // Taken before the list: what is in the list and was not assigned by then may still be new.
        boolean complete = pods.hasSynced() && staticPodsKnown;
        Map<String, Trace> now = observer.traces();
        for (Trace trace : now.values()) {
            PodWorker worker = workers.get(trace.uid());
            if (worker == null && complete) {
                log.atInfo()
                        .setMessage("ending a pod that the API server does not know")
                        .addKeyValue("pod", trace.namespace() + "/" + trace.name())
                        .addKeyValue("uid", trace.uid())
                        .log();
                launch(orphan(trace), false);
            } else if (worker != null) {
                worker.listed(trace.parts());
            }
        }
        workers.forEach((uid, worker) -> {
            if (!now.containsKey(uid)) {
                worker.listed(Set.of());
            }
            // There may be room now for what had to wait.
            if (allocations.waits(uid)) {
                worker.wake();
            }
        });
        if (complete && !foldersLookedAt) {
            forgotten(now).forEach(pod -> launch(pod, false));
            foldersLookedAt = true;
        }
        relisted = true;
    }

    /**
     * Pods of which folders alone are left: the agent ended before it removed them, and their objects are gone. What is mounted
     * and kept for them has to go too.
     */
    private List<Pod> forgotten(Map<String, Trace> traces) {
        try {
            List<Pod> found = new ArrayList<>();
            for (Trace left : tree.left()) {
                // A worker is there before its folder.
                if (!traces.containsKey(left.uid()) && !workers.containsKey(left.uid())) {
                    log.atInfo()
                            .setMessage("removing what is left of a pod")
                            .addKeyValue("uid", left.uid())
                            .log();
                    found.add(orphan(left));
                }
            }
            return found;
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("can't look for what is left of pods")
                    .setCause(e)
                    .log();
            return List.of();
        }
    }

    /** All that is needed of a pod to end it. */
    private static Pod orphan(Trace trace) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(trace.name())
                .withNamespace(trace.namespace())
                .withUid(trace.uid())
                .endMetadata()
                .withNewSpec()
                .withTerminationGracePeriodSeconds(trace.graceSeconds())
                .endSpec()
                .build();
    }

    // ---- files that follow their sources

    private void refreshForEver() {
        try {
            while (!closed) {
                clock.sleep(config.timings().volumeRefresh());
                if (ready()) {
                    executor.releaseDevicesOfTheGone(workers::containsKey);
                }
                for (PodWorker worker : workers.values()) {
                    refresh(worker);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void refresh(PodWorker worker) {
        Pod pod = worker.pod();
        boolean follows = pod.getSpec().getVolumes().stream().anyMatch(PodWorkers::changes);
        if (!worker.wanted() || PodFacts.beingDeleted(pod) || !follows || worker.runningContainers() == 0) {
            return;
        }
        try {
            executor.refreshVolumes(pod, worker.addresses());
        } catch (RuntimeException e) {
            log.atWarn()
                    .setMessage("a pod's volumes were not refreshed")
                    .addKeyValue("pod", PodFacts.key(pod))
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    private static boolean changes(Volume volume) {
        return volume.getConfigMap() != null
                || volume.getSecret() != null
                || volume.getProjected() != null
                || volume.getDownwardAPI() != null
                // A driver's volume may have become larger.
                || volume.getPersistentVolumeClaim() != null
                || volume.getEphemeral() != null;
    }

    /** Gives what is told of pods the time to reach the API server. */
    public void awaitWritten(Duration grace) throws InterruptedException {
        long begin = clock.nanoTime();
        while (workers.values().stream().anyMatch(worker -> !worker.written())
                && clock.nanoTime() - begin < grace.toNanos()) {
            clock.sleep(Duration.ofMillis(20));
        }
    }

    /** Gives actions in progress the time to end. */
    public void awaitIdle(Duration grace) {
        long begin = clock.nanoTime();
        try {
            while (workers.values().stream().anyMatch(worker -> !worker.idle())
                    && clock.nanoTime() - begin < grace.toNanos()) {
                clock.sleep(Duration.ofMillis(20));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stops looking after the pods, which stay as they are. */
    @Override
    public synchronized void close() {
        closed = true;
        threads.forEach(Thread::interrupt);
        workers.values().forEach(PodWorker::close);
    }
}
