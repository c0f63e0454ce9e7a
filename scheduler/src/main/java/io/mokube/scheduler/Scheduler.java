package io.mokube.scheduler;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.mokube.client.election.ElectionConfig;
import io.mokube.client.election.LeaderElector;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.client.rest.WriteGuard;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.scheduler.config.SchedulerConfiguration.Election;
import io.mokube.scheduler.cycle.ApiWrites;
import io.mokube.scheduler.cycle.ClaimsFeed;
import io.mokube.scheduler.cycle.ClusterFeed;
import io.mokube.scheduler.cycle.SchedulerMetrics;
import io.mokube.scheduler.cycle.SchedulingLoop;
import io.mokube.scheduler.cycle.WaitingRoom;
import io.mokube.scheduler.explain.DecisionLog;
import io.mokube.scheduler.explain.Explanations;
import io.mokube.scheduler.extender.HttpExtender;
import io.mokube.scheduler.framework.Extenders;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.framework.Profiles;
import io.mokube.scheduler.framework.WaitingPods;
import io.mokube.scheduler.queue.SchedulingQueue;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.Selectors;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * kube-scheduler: gives each pod that names it a node. Watches pods and nodes from the start, and decides while it leads.
 * A scheduler can be started once.
 */
public final class Scheduler implements Component {

    private static final String NAME = "kube-scheduler";
    private static final FieldSelector UNFINISHED = FieldSelector.parse("status.phase!=Succeeded,status.phase!=Failed");

    private final SchedulerConfig config;
    private final Platform platform;
    private @Nullable Running running;

    public Scheduler(SchedulerConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public synchronized void start() {
        if (running != null) {
            throw new IllegalStateException("the scheduler was started before");
        }
        try {
            running = new Running(config, platform);
        } catch (IllegalArgumentException e) {
            throw new ComponentException(
                    "The scheduler can't use its credentials for " + config.client() + ": " + e.getMessage(), e);
        }
        running.start();
    }

    @Override
    public Readiness readiness() {
        Running current = current();
        if (current == null) {
            return Readiness.waitingFor("the scheduler was not started");
        }
        return current.informers.notSynced().isEmpty()
                ? Readiness.READY
                : Readiness.waitingFor("the first list of " + String.join(", ", current.informers.notSynced()));
    }

    /** Whether this scheduler is the one that decides now. */
    public boolean isLeader() {
        Running current = current();
        return current != null && current.elector.map(LeaderElector::isLeader).orElse(true);
    }

    /**
     * The pods that permit plugins keep waiting, for those who let them go.
     *
     * @throws IllegalStateException while the scheduler does not run
     */
    public WaitingPods waitingPods() {
        Running current = current();
        if (current == null) {
            throw new IllegalStateException("the scheduler does not run");
        }
        return current.waiting;
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
            current.stop(grace);
        }
    }

    /** The parts of a started scheduler. */
    private static final class Running {

        private final ApiClient client;
        private final List<HttpExtender> extenders;
        private final InformerFactory informers;
        private final Map<String, EventRecorder> events = new LinkedHashMap<>();
        private final SchedulingQueue queue;
        private final SchedulingLoop loop;
        private final Explanations explanations;
        private final WaitingRoom waiting;
        private final Optional<LeaderElector> elector;

        Running(SchedulerConfig config, Platform platform) {
            client = new ApiClient(config.client(), platform);
            informers = new InformerFactory(client);
            Informer<Pod> pods = informers.informer(ResourceType.of(Pod.class), Selection.ALL.withFields(UNFINISHED));
            Informer<Node> nodes = informers.informer(Node.class);
            Informer<Namespace> namespaces = informers.informer(Namespace.class);
            Informer<PodDisruptionBudget> budgets = informers.informer(PodDisruptionBudget.class);

            Profiles profiles = new Profiles(config.profiles());
            ClusterState state = new ClusterState();
            queue = new SchedulingQueue(platform.clock(), config.delays(), profiles, state::snapshot);
            ClusterFeed feed = new ClusterFeed(state, queue, profiles);
            if (config.extenders().isEmpty()) {
                pods.setTransform(ClusterFeed::strip);
            }
            pods.addHandler(feed.pods());
            nodes.addHandler(feed.nodes());
            namespaces.addHandler(feed.namespaces());
            budgets.addHandler(feed.budgets());
            watchWorkloads(feed);
            new ClaimsFeed(state, queue).follow(informers);

            HttpExtender.Objects whole = new HttpExtender.Objects() {
                @Override
                public Optional<Pod> pod(ObjectKey key) {
                    return pods.store().get(key);
                }

                @Override
                public Optional<Node> node(String name) {
                    return nodes.store().get(new ObjectKey("", name));
                }
            };
            extenders = config.extenders().stream()
                    .map(each -> new HttpExtender(each, whole))
                    .toList();
            for (Profile profile : profiles.all()) {
                events.put(profile.schedulerName(), new EventRecorder(client, profile.schedulerName(), ""));
            }
            DecisionLog decisions = new DecisionLog();
            waiting = new WaitingRoom(platform.clock());
            SchedulerMetrics metrics = new SchedulerMetrics(platform.meters(), profiles, queue);
            ApiWrites writes = new ApiWrites(client, platform, pods.store());
            loop = new SchedulingLoop(
                    profiles,
                    new Extenders(extenders),
                    events,
                    waiting,
                    state,
                    queue,
                    informers,
                    writes,
                    metrics,
                    decisions,
                    platform);
            explanations = new Explanations(client, platform.clock(), decisions);
            elector = config.election().enabled() ? Optional.of(elector(config, platform)) : Optional.empty();
        }

        /** What belongs together is known by selectors alone: the rest of these objects is not kept. */
        private void watchWorkloads(ClusterFeed feed) {
            informers.informer(Service.class).addHandler(feed.services());
            Informer<ReplicaSet> replicaSets = informers.informer(ReplicaSet.class);
            replicaSets.setTransform(set -> {
                set.getMetadata().setManagedFields(List.of());
                set.getMetadata().setAnnotations(null);
                set.getSpec().setTemplate(null);
                return set;
            });
            replicaSets.addHandler(feed.controllers(
                    "ReplicaSet", set -> Selectors.of(set.getSpec().getSelector())));
            Informer<StatefulSet> statefulSets = informers.informer(StatefulSet.class);
            statefulSets.setTransform(set -> {
                set.getMetadata().setManagedFields(List.of());
                set.getMetadata().setAnnotations(null);
                set.getSpec().setTemplate(null);
                return set;
            });
            statefulSets.addHandler(feed.controllers(
                    "StatefulSet", set -> Selectors.of(set.getSpec().getSelector())));
            informers
                    .informer(ReplicationController.class)
                    .addHandler(feed.controllers(
                            "ReplicationController",
                            controller -> Optional.ofNullable(
                                            controller.getSpec().getSelector())
                                    .map(LabelSelector::ofLabels)));
        }

        private LeaderElector elector(SchedulerConfig config, Platform platform) {
            String identity = config.identity().isEmpty()
                    ? NAME + "_" + Long.toHexString(platform.random().nextLong())
                    : config.identity();
            Election stated = config.election();
            ElectionConfig election = new ElectionConfig(
                    stated.lease(), identity, stated.leaseDuration(), stated.renewDeadline(), stated.retryPeriod());
            return new LeaderElector(election, client, new LeaderElector.Term() {
                @Override
                public void begin(WriteGuard guard) {
                    begun(guard);
                }

                @Override
                public void end() {
                    ended();
                }
            });
        }

        void start() {
            informers.start();
            elector.ifPresentOrElse(LeaderElector::start, () -> begun(WriteGuard.OPEN));
        }

        private void begun(WriteGuard guard) {
            loop.begin(guard);
            explanations.begin(guard);
        }

        private void ended() {
            explanations.end();
            loop.end();
        }

        void stop(Duration grace) {
            elector.ifPresentOrElse(LeaderElector::stop, this::ended);
            loop.awaitWrites(grace);
            queue.close();
            informers.close();
            events.values().forEach(EventRecorder::close);
            extenders.forEach(HttpExtender::close);
            client.close();
        }
    }
}
