package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ModelKind;
import io.mokube.controllermanager.controllers.ModelKind.Refused;
import io.mokube.controllermanager.controllers.ModelServer;
import io.mokube.controllermanager.controllers.history.Histories;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A small cluster with one DaemonSet, whose controller works as its shell does it. The decisions are the real ones. */
final class DaemonCluster extends ModelServer {

    final ModelKind<DaemonSet> sets = kind();
    final ModelKind<Node> nodes = kind();
    final ModelKind<ControllerRevision> revisions = kind();

    private final Histories history = new Histories(this, revisions, DaemonTemplate.HASH_LABEL, this::answer);
    private final Map<String, Deque<String>> unanswered = new HashMap<>();
    private OwnWrites podWrites = new OwnWrites();

    DaemonCluster(DaemonSet set, List<String> nodeNames) {
        sets.store(new DaemonSetBuilder(set).build());
        sets.deliver(1);
        nodeNames.forEach(name -> nodes.store(Daemonsets.node(name)));
    }

    DaemonSet set() {
        return sets.live.values().iterator().next();
    }

    void change(DaemonSet changed) {
        changed.getMetadata().setGeneration(Ownership.generation(set()) + 1);
        sets.store(changed);
    }

    /** The controller ends when its requests have, so that none of them is late. */
    void restartController() {
        while (delayedRequests() > 0) {
            carryOutLate(0);
        }
        podWrites = new OwnWrites();
        unanswered.clear();
        history.restart();
        sets.relist();
        nodes.relist();
        pods.relist();
    }

    void reconcile() {
        DaemonSet set = sets.cache.values().iterator().next();
        String uid = set.getMetadata().getUid();
        podWrites
                .settle(uid, pods::read)
                .forEach(found -> unanswered.values().forEach(names -> names.remove(found.name())));
        if (!podWrites.observed(uid, pods.cache::get, pods.version()) || !history.showsWritesOf(uid)) {
            return;
        }
        try {
            ControllerRevision revision = history.position(set, set.getSpec().getTemplate());
            String hash = Ownership.labels(revision).getOrDefault(DaemonTemplate.HASH_LABEL, "");
            DaemonPlan plan = DaemonDecision.plan(
                    new Daemons(set, hash, nodes.cache.values(), pods.cache.values(), now()), node -> Optional.empty());
            plan.create().forEach(node -> create(set, hash, node));
            plan.delete().forEach(pod -> delete(uid, pod));
            if (!plan.status().equals(set.getStatus())) {
                answer(() -> sets.store(new DaemonSetBuilder(sets.current(set))
                        .withStatus(plan.status())
                        .build()));
            }
        } catch (Refused | ConnectionException e) {
            // The next round looks again.
        }
    }

    private void create(DaemonSet set, String hash, String node) {
        String uid = set.getMetadata().getUid();
        Deque<String> again = unanswered.computeIfAbsent(node, any -> new ArrayDeque<>());
        String name = again.isEmpty() ? "log-" + nextName() : again.remove();
        ObjectKey key = new ObjectKey("default", name);
        Optional<Pod> there = pods.read(key);
        if (there.isPresent()) {
            podWrites.stored(uid, there.get());
            return;
        }
        Pod pod = new PodBuilder(Daemonsets.unbound(set, node, hash))
                .editMetadata()
                .withName(name)
                .withUid("uid-" + nextName())
                .withCreationTimestamp(Times.format(now()))
                .endMetadata()
                .editSpec()
                .withNodeName(node)
                .endSpec()
                .build();
        try {
            podWrites.stored(uid, answer(() -> {
                if (pods.read(key).isPresent()) {
                    throw new Refused();
                }
                return pods.store(pod);
            }));
        } catch (ConnectionException e) {
            podWrites.failed(uid, key, e);
            again.add(name);
            throw e;
        }
    }

    private void delete(String uid, Pod pod) {
        try {
            answer(() -> {
                pods.read(Ownership.key(pod))
                        .filter(there -> Ownership.isSame(there, pod))
                        .ifPresent(this::podIsDeleted);
                return pod;
            });
            podWrites.deleted(uid, pod);
        } catch (ConnectionException e) {
            podWrites.failed(uid, Ownership.key(pod), e);
            throw e;
        }
    }
}
