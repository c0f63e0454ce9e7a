package io.mokube.controllermanager.controllers.nodelifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Cache;
import io.mokube.client.informer.Handler;
import io.mokube.client.reconcile.Outcome;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeHealth.Readiness;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.PodsOnNode;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's day in simulated time, on one thread, so that the same seed gives the same day: nodes in zones that fall
 * silent alone, with most of their zone, with all of it or with the whole cluster, and come back. Both controllers are
 * the real ones; their caches lag by up to a second, and they are restarted now and then. Every write is checked against
 * what is true, and what should have been written by now is looked for every half minute.
 */
final class NodeDay implements NodeWrites {

    /** How far caches lag, and how much later than due something may happen for it and for the loops' periods. */
    private static final long LAG = 1_000;

    private static final long SLACK = 5_000;
    private static final long MINUTE = 60_000;
    private static final long HOUR = 60 * MINUTE;
    private static final List<String> CONDITIONS = List.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure");

    /** How long the pods of each node bear its silence, in seconds. */
    private enum Patience {
        NONE,
        HALF_A_MINUTE,
        FIVE_MINUTES,
        FOR_EVER;

        Optional<Long> seconds() {
            return switch (this) {
                case NONE -> Optional.of(0L);
                case HALF_A_MINUTE -> Optional.of(30L);
                case FIVE_MINUTES -> Optional.of(300L);
                case FOR_EVER -> Optional.empty();
            };
        }
    }

    /** What is true of a node, whatever the API says. */
    private static final class Machine {
        private final String name;
        private final Zone zone;
        private final List<ObjectKey> pods = new ArrayList<>();

        /** Outages that keep it silent now; they may overlap. */
        private int outages;

        private long since;
        private int podsMade;

        Machine(String name, Zone zone) {
            this.name = name;
            this.zone = zone;
        }

        boolean silent() {
            return outages > 0;
        }
    }

    /** What the conditions at the API say of a zone, as the documentation puts it. */
    enum ZoneState {
        NORMAL,
        PARTLY_GONE,
        GONE
    }

    private static final class Zone {
        private final String name;
        private final int size;
        private ZoneState state = ZoneState.NORMAL;
        private long since;
        private @Nullable Long lastTaint;

        Zone(String name, int size) {
            this.name = name;
            this.size = size;
        }

        boolean large() {
            return size > 50;
        }
    }

    private record Event(long at, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    /** Keys to reconcile and when; of several times of a key the earliest counts, as in a work queue. */
    private final class Loop<K> {
        private final Map<K, Long> due = new HashMap<>();
        private final Function<K, Outcome> reconciler;
        private boolean stopped;

        Loop(Function<K, Outcome> reconciler) {
            this.reconciler = reconciler;
        }

        void add(K key) {
            addAt(key, now);
        }

        private void addAt(K key, long time) {
            Long pending = due.get(key);
            if (pending == null || pending > time) {
                due.put(key, time);
                at(time, () -> ripen(key, time));
            }
        }

        private void ripen(K key, long time) {
            if (stopped || !Long.valueOf(time).equals(due.get(key))) {
                return;
            }
            due.remove(key);
            try {
                if (reconciler.apply(key) instanceof Outcome.Again(Duration after)) {
                    addAt(key, now + after.toMillis());
                }
            } catch (ApiException e) {
                addAt(key, now + 100);
            }
        }
    }

    private final Random random;
    private final NodeLifecycleConfig config;
    private final SimulatedClock clock = new SimulatedClock();
    private final Instant begin = clock.instant();
    private final PriorityQueue<Event> agenda = new PriorityQueue<>();
    private final Map<String, Machine> machines = new LinkedHashMap<>();
    private final Map<String, Node> nodes = new TreeMap<>();
    private final Map<ObjectKey, Pod> pods = new LinkedHashMap<>();
    private final Cache<Node> nodeCache = new Cache<>(Node.class);
    private final Cache<Pod> podCache = new Cache<>(Pod.class);
    private final Cache<Lease> leaseCache = new Cache<>(Lease.class);
    private final List<Zone> zones = new ArrayList<>();
    private final Map<String, Long> taintedSince = new HashMap<>();
    private final Map<String, Long> untaintedAt = new HashMap<>();
    private final Map<String, Long> unfitSince = new HashMap<>();
    private final List<String> log = new ArrayList<>();
    private final Map<String, Integer> counts = new TreeMap<>();

    private Loop<String> eachNode = new Loop<>(any -> Outcome.done());
    private Loop<String> allZones = new Loop<>(any -> Outcome.done());
    private Loop<ObjectKey> evictions = new Loop<>(any -> Outcome.done());
    private long now;
    private long order;
    private long revision;
    private long started;
    private long allGoneSince = Long.MAX_VALUE;
    private long lastAllGoneEnd;
    private long deliveredUntil;

    /**
     * A day that has not begun.
     *
     * @param zoneSizes how many nodes each zone has
     * @param config what the controllers are told; they are held to Kubernetes' values
     */
    NodeDay(long seed, Map<String, Integer> zoneSizes, NodeLifecycleConfig config) {
        this.random = new Random(seed);
        this.config = config;
        podCache.addIndex(PodsOnNode.BY_NODE, PodsOnNode::places);
        zoneSizes.forEach((name, size) -> {
            Zone zone = new Zone(name, size);
            zones.add(zone);
            for (int i = 0; i < size; i++) {
                join(new Machine(name + "-" + i, zone));
            }
        });
        startControllers();
    }

    /** Lives through so many hours; returns everything that was written, in order. */
    List<String> live(int hours) {
        long end = hours * HOUR;
        planOutages(end);
        at(30_000, this::audit);
        while (!agenda.isEmpty() && agenda.peek().at() <= end) {
            Event next = agenda.remove();
            clock.advance(Duration.ofMillis(next.at() - now));
            now = next.at();
            next.action().run();
        }
        return log;
    }

    /** How often each kind of thing happened. */
    Map<String, Integer> counts() {
        return counts;
    }

    // -- what happens to nodes ------------------------------------------------------------------------------------

    private void planOutages(long end) {
        List<Machine> all = List.copyOf(machines.values());
        for (long time = MINUTE; time < end; time += exponential(4 * MINUTE)) {
            outage(time, exponential(random.nextInt(4) == 0 ? 20 * MINUTE : MINUTE), List.of(pick(all)));
        }
        for (long time = HOUR / 2; time < end; time += HOUR + random.nextLong(HOUR)) {
            Zone zone = pick(zones);
            List<Machine> inZone =
                    all.stream().filter(machine -> machine.zone == zone).toList();
            boolean whole = random.nextBoolean();
            outage(
                    time,
                    5 * MINUTE + exponential(10 * MINUTE),
                    inZone.stream()
                            .filter(machine -> whole || random.nextInt(10) < 7)
                            .toList());
        }
        for (long time = 4 * HOUR; time < end; time += 8 * HOUR) {
            outage(time + random.nextLong(HOUR), 10 * MINUTE + exponential(10 * MINUTE), all);
        }
        for (long time = HOUR; time < end; time += HOUR + random.nextLong(3 * HOUR)) {
            at(time, this::restartControllers);
        }
    }

    private void outage(long from, long length, Collection<Machine> hit) {
        count(
                hit.size() == 1
                        ? "silences"
                        : hit.size() == machines.size() ? "outages of everything" : "outages of zones");
        for (Machine machine : hit) {
            at(from, () -> fallSilent(machine));
            at(from + length + random.nextLong(20_000), () -> comeBack(machine));
        }
    }

    private void join(Machine machine) {
        machines.put(machine.name, machine);
        NodeBuilder node = new NodeBuilder()
                .withNewMetadata()
                .withName(machine.name)
                .withUid("uid-" + machine.name)
                .withCreationTimestamp(seconds())
                .addToLabels("topology.kubernetes.io/zone", machine.zone.name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .endStatus();
        store(ApiNodeWrites.withConditions(node.build(), healthy()));
        runPods(machine);
        at(random.nextLong(10_000), () -> beat(machine));
    }

    private void beat(Machine machine) {
        if (!machine.silent()) {
            renew(machine);
        }
        at(now + 10_000, () -> beat(machine));
    }

    private void renew(Machine machine) {
        leaseCache.put(new LeaseBuilder()
                .withNewMetadata()
                .withNamespace("kube-node-lease")
                .withName(machine.name)
                .endMetadata()
                .withNewSpec()
                .withRenewTime(clock.instant().atZone(ZoneOffset.UTC))
                .endSpec()
                .build());
    }

    private void fallSilent(Machine machine) {
        if (machine.outages++ == 0) {
            machine.since = now;
        }
    }

    /** The agent posts its status at once; its pods follow. */
    private void comeBack(Machine machine) {
        if (--machine.outages > 0) {
            return;
        }
        machine.since = now;
        renew(machine);
        store(ApiNodeWrites.withConditions(node(machine.name), healthy()));
        at(now + 2 * LAG + SLACK, () -> runPods(machine));
    }

    /** The agent lets the pods go that were deleted meanwhile, and gets new ones instead. */
    private void runPods(Machine machine) {
        if (machine.silent()) {
            return;
        }
        Map<Patience, Pod> kept = new EnumMap<>(Patience.class);
        for (ObjectKey key : List.copyOf(machine.pods)) {
            Pod pod = pod(key);
            if (Ownership.isBeingDeleted(pod)) {
                remove(pod);
            } else {
                kept.put(patience(pod), pod);
            }
        }
        for (Patience patience : Patience.values()) {
            Pod pod = kept.get(patience);
            if (pod == null) {
                store(newPod(machine, patience));
            } else if (!PodFacts.isReady(pod)) {
                store(Pods.ready(pod, clock.instant()));
            }
        }
    }

    private Pod newPod(Machine machine, Patience patience) {
        String name = machine.name + "-pod-" + machine.podsMade++;
        List<Toleration> tolerations = new ArrayList<>();
        if (patience != Patience.NONE) {
            for (String key : List.of(NodeTaints.NOT_READY, NodeTaints.UNREACHABLE)) {
                tolerations.add(new TolerationBuilder()
                        .withKey(key)
                        .withOperator("Exists")
                        .withEffect("NoExecute")
                        .withTolerationSeconds(patience.seconds().orElse(null))
                        .build());
            }
        }
        Pod pod = new PodBuilder(Pods.pending(name))
                .editMetadata()
                .withCreationTimestamp(seconds())
                .addToLabels("patience", patience.name())
                .endMetadata()
                .editSpec()
                .withNodeName(machine.name)
                .withTolerations(tolerations)
                .endSpec()
                .build();
        machine.pods.add(Ownership.key(pod));
        return Pods.ready(pod, clock.instant());
    }

    private List<NodeCondition> healthy() {
        List<NodeCondition> conditions = new ArrayList<>();
        for (String type : CONDITIONS) {
            conditions.add(new NodeConditionBuilder()
                    .withType(type)
                    .withStatus(type.equals("Ready") ? "True" : "False")
                    .withLastHeartbeatTime(seconds())
                    .withLastTransitionTime(seconds())
                    .build());
        }
        return conditions;
    }

    // -- the API server and the caches ----------------------------------------------------------------------------

    private Node store(Node node) {
        Node stored = new NodeBuilder(node)
                .editMetadata()
                .withResourceVersion(Long.toString(++revision))
                .endMetadata()
                .build();
        String name = node.getMetadata().getName();
        nodes.put(name, stored);
        deliver(() -> nodeCache.put(stored));
        noteTaints(name, stored);
        noteReadiness(machine(name), stored);
        return stored;
    }

    private Pod store(Pod pod) {
        Pod stored = Pods.atRevision(pod, ++revision);
        pods.put(Ownership.key(pod), stored);
        deliver(() -> podCache.put(stored));
        return stored;
    }

    private void remove(Pod pod) {
        pods.remove(Ownership.key(pod));
        machine(pod.getSpec().getNodeName()).pods.remove(Ownership.key(pod));
        deliver(() -> podCache.remove(pod));
    }

    /** Caches see changes in their order, each a while later. */
    private void deliver(Runnable change) {
        deliveredUntil = Math.max(deliveredUntil, now + random.nextLong(LAG));
        at(deliveredUntil, change);
    }

    private Node node(String name) {
        return Objects.requireNonNull(nodes.get(name), name);
    }

    private Machine machine(String name) {
        return Objects.requireNonNull(machines.get(name), name);
    }

    private Pod pod(ObjectKey key) {
        return Objects.requireNonNull(pods.get(key), key::toString);
    }

    private static Patience patience(Pod pod) {
        return Patience.valueOf(Ownership.labels(pod).getOrDefault("patience", ""));
    }

    private void startControllers() {
        NodeLifecycleController lifecycle = new NodeLifecycleController(
                nodeCache.store(), leaseCache.store(), podCache.store(), this, config, clock);
        TaintEvictionController taints = new TaintEvictionController(nodeCache.store(), podCache.store(), this, clock);
        eachNode = new Loop<>(lifecycle::reconcile);
        allZones = new Loop<>(any -> lifecycle.reconcileZones());
        evictions = new Loop<>(taints::reconcile);
        nodeCache.addHandler(
                Handler.each(node -> eachNode.add(node.getMetadata().getName())));
        nodeCache.addHandler(taints.ofNodes(evictions::add));
        podCache.addHandler(taints.ofPods(evictions::add));
        allZones.add("all");
        started = now;
    }

    /** Nothing that they remember survives; the new ones begin with what is in the caches. */
    private void restartControllers() {
        count("restarts");
        eachNode.stopped = true;
        allZones.stopped = true;
        evictions.stopped = true;
        nodeCache.removeHandlers();
        podCache.removeHandlers();
        zones.forEach(zone -> zone.lastTaint = null);
        startControllers();
    }

    // -- what the controllers write, and whether they may ---------------------------------------------------------

    @Override
    public Optional<Node> conditions(Node read, List<NodeCondition> conditions) {
        Machine machine = machine(read.getMetadata().getName());
        if (isStale(read)) {
            return Optional.empty();
        }
        assertThat(machine.silent()).as("%s says nothing", machine.name).isTrue();
        assertThat(now - machine.since).as("its silence").isGreaterThanOrEqualTo(50_000 - 10_000);
        log("unknown " + machine.name);
        count("nodes gone");
        return Optional.of(store(ApiNodeWrites.withConditions(read, conditions)));
    }

    @Override
    public Optional<Node> taints(Node read, List<Taint> taints) {
        if (isStale(read)) {
            return Optional.empty();
        }
        Node changed =
                new NodeBuilder(read).editSpec().withTaints(taints).endSpec().build();
        if (NodeTaints.noExecute(read).isEmpty()
                && !NodeTaints.noExecute(changed).isEmpty()) {
            mayTaint(machine(read.getMetadata().getName()), read);
        }
        return Optional.of(store(changed));
    }

    private void mayTaint(Machine machine, Node read) {
        assertThat(NodeHealth.readiness(read)).isNotEqualTo(Readiness.READY);
        assertThat(machine.silent()).as("%s says nothing", machine.name).isTrue();
        assertThat(allGoneSince).as("nothing is evicted when all is gone").isGreaterThan(now - LAG - SLACK);
        Zone zone = machine.zone;
        boolean sure = now - zone.since > LAG + SLACK;
        long interval = zone.lastTaint == null ? Long.MAX_VALUE : now - zone.lastTaint;
        zone.lastTaint = now;
        assertThat(interval).as("0.1 nodes a second in " + zone.name).isGreaterThanOrEqualTo(10_000);
        if (sure && zone.state == ZoneState.PARTLY_GONE) {
            assertThat(zone.large())
                    .as("nothing is evicted in a small zone in trouble")
                    .isTrue();
            assertThat(interval).as("0.01 nodes a second").isGreaterThanOrEqualTo(100_000);
            count("taints at the reduced rate");
        }
        log("taint " + machine.name);
        count("taints");
    }

    @Override
    public boolean notReady(Pod read, Instant at) {
        Pod stored = pods.get(Ownership.key(read));
        if (stored == null || Ownership.revision(stored) != Ownership.revision(read)) {
            return false;
        }
        assertThat(machine(read.getSpec().getNodeName()).silent()).isTrue();
        store(ApiNodeWrites.withoutReadiness(read, at));
        return true;
    }

    @Override
    public boolean evict(Pod read, Instant at) {
        ObjectKey key = Ownership.key(read);
        Pod stored = pods.get(key);
        if (stored == null) {
            return false;
        }
        if (Ownership.revision(stored) != Ownership.revision(read)) {
            throw ApiException.modified(new GroupResource("", "pods"), key.name());
        }
        mayEvict(stored);
        Pod deleting = Pods.deleting(stored, at);
        if (machine(stored.getSpec().getNodeName()).silent()) {
            store(deleting);
        } else {
            remove(stored);
        }
        return true;
    }

    private void mayEvict(Pod pod) {
        String node = pod.getSpec().getNodeName();
        Patience patience = patience(pod);
        assertThat(patience).isNotEqualTo(Patience.FOR_EVER);
        Long since = taintedSince.get(node);
        if (since == null) {
            // Nothing but a cache that does not show the recovery yet excuses this.
            long until = untaintedAt.getOrDefault(node, Long.MIN_VALUE / 2);
            assertThat(now - until).as("how long %s is back", node).isLessThanOrEqualTo(LAG);
            count("evictions on a stale cache");
        } else {
            long due = since + patience.seconds().orElseThrow() * 1000;
            // Times in objects are whole seconds. A controller that was restarted evicts what is overdue.
            assertThat(now)
                    .as("%s when %s goes", patience, pod.getMetadata().getName())
                    .isGreaterThan(due - 1_000)
                    .isLessThanOrEqualTo(due + LAG + SLACK);
        }
        log("evict " + pod.getMetadata().getName());
        count("evictions");
    }

    @Override
    public void report(HasMetadata about, EventRecorder.Type type, String reason, String message) {
        count("event " + reason);
    }

    private boolean isStale(Node read) {
        return Ownership.revision(node(read.getMetadata().getName())) != Ownership.revision(read);
    }

    // -- what should have been written by now ---------------------------------------------------------------------

    private void audit() {
        for (Machine machine : machines.values()) {
            if (machine.silent()) {
                auditSilent(machine);
            } else if (now - machine.since > 4 * SLACK) {
                assertThat(NodeHealth.readiness(node(machine.name))).isEqualTo(Readiness.READY);
                assertThat(node(machine.name).getSpec().getTaints())
                        .as("the taints of %s, which is back", machine.name)
                        .isEmpty();
            }
        }
        zones.forEach(this::auditZone);
        if (now - allGoneSince > LAG + SLACK) {
            assertThat(taintedSince)
                    .as("nodes to be emptied while all are gone")
                    .isEmpty();
        }
        at(now + 30_000, this::audit);
    }

    private void auditSilent(Machine machine) {
        // One who never heard a node waits from his own start, and all wait anew when a node of a lost cluster is back.
        long from = Math.max(Math.max(machine.since, started), lastAllGoneEnd);
        if (now - from > 50_000 + 2 * SLACK) {
            Node node = node(machine.name);
            assertThat(NodeHealth.readiness(node)).as(machine.name).isEqualTo(Readiness.UNKNOWN);
            assertThat(node.getSpec().getTaints())
                    .extracting(Taint::getKey, Taint::getEffect)
                    .contains(tuple(NodeTaints.UNREACHABLE, "NoSchedule"));
            assertThat(podsOn(machine)).noneMatch(PodFacts::isReady);
        }
        Long since = taintedSince.get(machine.name);
        for (Pod pod : podsOn(machine)) {
            Patience patience = patience(pod);
            boolean overdue = since != null
                    && patience.seconds()
                            .filter(seconds -> now > since + seconds * 1000 + LAG + SLACK)
                            .isPresent();
            assertThat(overdue && !Ownership.isBeingDeleted(pod))
                    .as("%s should be evicted", pod.getMetadata().getName())
                    .isFalse();
        }
    }

    /** As long as nodes wait to be emptied, one of them is, as fast as the zone's state allows. */
    private void auditZone(Zone zone) {
        long pace =
                switch (zone.state) {
                    case NORMAL, GONE -> 10_000;
                    case PARTLY_GONE -> zone.large() ? 100_000 : Long.MAX_VALUE / 2;
                };
        long patience = pace + LAG + SLACK;
        boolean waiting = machines.values().stream()
                .filter(machine -> machine.zone == zone && !taintedSince.containsKey(machine.name))
                .anyMatch(machine -> now - unfitSince.getOrDefault(machine.name, now) > patience);
        if (waiting && allGoneSince == Long.MAX_VALUE) {
            long last = zone.lastTaint == null ? started : zone.lastTaint;
            long from = Math.max(Math.max(zone.since, lastAllGoneEnd), last);
            assertThat(now - from)
                    .as("how long %s was not worked on", zone.name)
                    .isLessThanOrEqualTo(patience);
        }
    }

    private List<Pod> podsOn(Machine machine) {
        return machine.pods.stream().map(this::pod).toList();
    }

    private void noteTaints(String name, Node stored) {
        Optional<Instant> added = NodeTaints.noExecute(stored).stream()
                .flatMap(taint -> Times.parse(taint.getTimeAdded()).stream())
                .findFirst();
        if (added.isPresent()) {
            taintedSince.put(name, Duration.between(begin, added.get()).toMillis());
        } else if (taintedSince.remove(name) != null) {
            untaintedAt.put(name, now);
        }
    }

    private void noteReadiness(Machine machine, Node stored) {
        if (NodeHealth.readiness(stored) == Readiness.READY) {
            unfitSince.remove(machine.name);
        } else {
            unfitSince.putIfAbsent(machine.name, now);
        }
        Zone zone = machine.zone;
        long unfit = unfitSince.keySet().stream()
                .filter(name -> machine(name).zone == zone)
                .count();
        ZoneState state = unfit == zone.size
                ? ZoneState.GONE
                : unfit > 2 && unfit >= 0.55 * zone.size ? ZoneState.PARTLY_GONE : ZoneState.NORMAL;
        if (zone.state != state) {
            zone.state = state;
            zone.since = now;
            count("zones " + state);
        }
        boolean allGone = zones.stream().allMatch(each -> each.state == ZoneState.GONE);
        if (!allGone && allGoneSince != Long.MAX_VALUE) {
            lastAllGoneEnd = now;
        }
        allGoneSince = allGone ? Math.min(allGoneSince, now) : Long.MAX_VALUE;
    }

    // -- small things ---------------------------------------------------------------------------------------------

    private void at(long time, Runnable action) {
        agenda.add(new Event(time, order++, action));
    }

    private void log(String what) {
        log.add(now + " " + what);
    }

    private void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    private String seconds() {
        return Times.format(clock.instant());
    }

    private long exponential(long mean) {
        return (long) (-Math.log(1 - random.nextDouble()) * mean) + 1;
    }

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}
