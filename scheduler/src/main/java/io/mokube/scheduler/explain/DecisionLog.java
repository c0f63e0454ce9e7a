package io.mokube.scheduler.explain;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The latest decisions, the last one for each pod, with what they were made of. Snapshots are immutable and share what did
 * not change between them, so keeping one costs little more than a reference for each node; how many are kept follows from
 * that. Safe for use by many threads.
 */
public final class DecisionLog {

    private static final int MOST_DECISIONS = 1000;
    /** References to nodes in kept snapshots, some 16 MB at most; 400 decisions on 5,000 nodes. */
    private static final long MOST_NODES = 2_000_000;

    private final Map<ObjectKey, Kept> byPod = new LinkedHashMap<>();
    private long nodes;

    /**
     * A decision and what it was made of.
     *
     * @param start where the search began
     * @param refusal what came in between after a node was chosen; empty when nothing did, or not yet
     */
    public record Kept(
            Profile profile,
            PodInfo pod,
            Snapshot snapshot,
            int start,
            Decision decision,
            Instant decidedAt,
            Optional<Refusal> refusal) {

        /** A decision that was made just now. */
        public Kept(Profile profile, PodInfo pod, Snapshot snapshot, int start, Decision decision, Instant decidedAt) {
            this(profile, pod, snapshot, start, decision, decidedAt, Optional.empty());
        }
    }

    /**
     * Why a pod did not get to the node that was chosen for it.
     *
     * @param point the extension point: Reserve, Permit, PreBind or Bind
     * @param plugin who refused or failed there, {@code ""} for the API server
     * @param reason in the plugin's words
     */
    public record Refusal(String point, String plugin, String reason) {}

    /** Keeps a decision, and lets go of the pod's last one and of the oldest. */
    public synchronized void add(Kept decision) {
        Kept old = byPod.remove(decision.pod().key());
        if (old != null) {
            nodes -= old.snapshot().size();
        }
        byPod.put(decision.pod().key(), decision);
        nodes += decision.snapshot().size();
        Iterator<Kept> oldestFirst = byPod.values().iterator();
        while (byPod.size() > 1 && (byPod.size() > MOST_DECISIONS || nodes > MOST_NODES)) {
            nodes -= oldestFirst.next().snapshot().size();
            oldestFirst.remove();
        }
    }

    /** Notes what came in between after a decision, unless it is forgotten or the pod was decided on again. */
    public synchronized void refused(PodInfo pod, Decision decision, Refusal refusal) {
        byPod.computeIfPresent(
                pod.key(),
                (key, kept) -> kept.decision() == decision
                        ? new Kept(
                                kept.profile(),
                                kept.pod(),
                                kept.snapshot(),
                                kept.start(),
                                decision,
                                kept.decidedAt(),
                                Optional.of(refusal))
                        : kept);
    }

    public synchronized Optional<Kept> find(ObjectKey pod) {
        return Optional.ofNullable(byPod.get(pod));
    }

    /** The decisions in one namespace, or in all of them when it is empty; oldest first. */
    public synchronized List<Kept> list(String namespace) {
        return byPod.values().stream()
                .filter(kept ->
                        namespace.isEmpty() || kept.pod().key().namespace().equals(namespace))
                .toList();
    }
}
