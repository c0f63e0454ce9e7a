package io.mokube.controllermanager.controllers.statefulset;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.RollingUpdateStatefulSetStrategy;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetUpdateStrategy;
import io.mokube.controllermanager.controllers.ownership.NumberOrPercent;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.statefulset.SetPlan.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a StatefulSet should do next. Pure; one for each decision.
 *
 * <p>Ordered, it does one thing at a time and only while all pods before are available: create and mend upwards, then
 * scale down from the top, then update from the top. In parallel, only updates wait for others.
 */
final class SetDecision {

    private final StatefulSet set;
    private final Revision current;
    private final Revision update;
    private final Function<String, Optional<PersistentVolumeClaim>> claims;
    private final Instant now;
    private final Duration minReady;
    private final boolean ordered;

    /** The pods in the set's range, and those beyond it, by their ordinals. */
    private final NavigableMap<Integer, Pod> members = new TreeMap<>();

    private final NavigableMap<Integer, Pod> condemned = new TreeMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final Set<String> deleted = new HashSet<>();

    private SetDecision(
            StatefulSet set,
            Revision current,
            Revision update,
            Collection<Pod> pods,
            Function<String, Optional<PersistentVolumeClaim>> claims,
            Instant now) {
        this.set = set;
        this.current = current;
        this.update = update;
        this.claims = claims;
        this.now = now;
        this.minReady = Duration.ofSeconds(orZero(set.getSpec().getMinReadySeconds()));
        this.ordered = !"Parallel".equals(set.getSpec().getPodManagementPolicy());
        for (Pod pod : pods) {
            Members.ordinal(set, pod.getMetadata().getName())
                    .ifPresent(ordinal -> (Members.isInRange(set, ordinal) ? members : condemned).put(ordinal, pod));
        }
    }

    /**
     * Decides. A set that is being deleted does nothing more.
     *
     * @param current the revision of the pods that an update has not reached
     * @param update the revision of the set's template
     * @param pods the pods that the set controls; those whose name it never gives are left alone
     * @param claims finds a claim of the set's namespace by its name
     */
    static SetPlan plan(
            StatefulSet set,
            Revision current,
            Revision update,
            Collection<Pod> pods,
            Function<String, Optional<PersistentVolumeClaim>> claims,
            Instant now) {
        return new SetDecision(set, current, update, pods, claims, now).plan();
    }

    private SetPlan plan() {
        if (!Ownership.isBeingDeleted(set) && fill() && scaleDown()) {
            update();
        }
        return new SetPlan(
                List.copyOf(steps), !ordered, SetStatus.of(set, current.name(), update.name(), all(), now), again());
    }

    private Collection<Pod> all() {
        List<Pod> all = new ArrayList<>(members.values());
        all.addAll(condemned.values());
        return all;
    }

    private Optional<Duration> again() {
        return all().stream()
                .flatMap(pod -> PodFacts.untilAvailable(pod, minReady, now).stream())
                .min(Duration::compareTo);
    }

    // Each of the following returns whether the next may begin.

    private boolean fill() {
        for (int ordinal = Members.first(set); ordinal < Members.end(set); ordinal++) {
            if (!keep(ordinal) && ordered) {
                return false;
            }
        }
        return true;
    }

    /** Brings one ordinal closer to a pod that is available, and returns whether it has one. */
    private boolean keep(int ordinal) {
        @Nullable Pod pod = members.get(ordinal);
        if (pod == null) {
            create(ordinal);
            return false;
        }
        if (PodFacts.isFinished(pod)) {
            delete(pod); // its successor comes when it is gone
            return false;
        }
        if (PodFacts.phase(pod).equals("Pending") && !Ownership.isBeingDeleted(pod)) {
            List<PersistentVolumeClaim> missing = missingClaims(ordinal);
            if (!missing.isEmpty()) {
                steps.add(new Step.CreateClaims(pod, missing));
            }
        }
        if (ordered && !isAvailable(pod)) {
            return false;
        }
        mend(ordinal, pod);
        return true;
    }

    private void create(int ordinal) {
        Pod pod = Members.pod(set, revisionOfNew(ordinal), ordinal);
        for (PersistentVolumeClaim wanted : Members.claims(set, ordinal)) {
            String name = wanted.getMetadata().getName();
            Optional<PersistentVolumeClaim> there = claims.apply(name);
            if (there.filter(Ownership::isBeingDeleted).isPresent()) {
                steps.add(new Step.Report(pod, "pvc " + name + " is being deleted"));
                return;
            }
            if (there.filter(claim -> ClaimOwners.goesWithEarlierPod(
                            set, pod.getMetadata().getName(), claim))
                    .isPresent()) {
                return;
            }
        }
        steps.add(new Step.CreatePod(pod, missingClaims(ordinal)));
    }

    private Revision revisionOfNew(int ordinal) {
        return isRollingUpdate() && ordinal < partition() ? current : update;
    }

    private List<PersistentVolumeClaim> missingClaims(int ordinal) {
        return Members.claims(set, ordinal).stream()
                .filter(claim -> claims.apply(claim.getMetadata().getName()).isEmpty())
                .toList();
    }

    private void mend(int ordinal, Pod pod) {
        Map<String, String> identity = Members.identity(pod.getMetadata().getName(), ordinal);
        if (!Ownership.labels(pod).entrySet().containsAll(identity.entrySet())) {
            steps.add(new Step.UpdatePod(new PodBuilder(pod)
                    .editMetadata()
                    .addToLabels(identity)
                    .endMetadata()
                    .build()));
        }
        mendClaims(ordinal, pod);
    }

    private void mendClaims(int ordinal, Pod pod) {
        for (PersistentVolumeClaim template : Members.claimTemplates(set)) {
            claims.apply(Members.claimName(set, template, ordinal))
                    .flatMap(claim -> ClaimOwners.repaired(set, pod, Members.isInRange(set, ordinal), claim))
                    .ifPresent(steps::add);
        }
    }

    /** Takes away the pods beyond the range, the highest first. */
    private boolean scaleDown() {
        condemned.forEach(this::mendClaims);
        for (Map.Entry<Integer, Pod> each : condemned.descendingMap().entrySet()) {
            Pod pod = each.getValue();
            if (ordered && (Ownership.isBeingDeleted(pod) || waitsForOneBelow(each.getKey(), pod))) {
                return false;
            }
            delete(pod);
            if (ordered) {
                return false;
            }
        }
        return true;
    }

    /** Of those that are not available the lowest goes first, in case the others need it. */
    private boolean waitsForOneBelow(int ordinal, Pod pod) {
        return !isAvailable(pod) && condemned.headMap(ordinal).values().stream().anyMatch(below -> !isAvailable(below));
    }

    /** Takes away pods of other revisions from the top, while few enough are unavailable. */
    private void update() {
        if (!isRollingUpdate()) {
            return;
        }
        int unavailable = Members.replicas(set)
                - Math.toIntExact(
                        members.values().stream().filter(this::isAvailable).count());
        int budget = maxUnavailable() - unavailable;
        for (Pod pod : members.tailMap(partition(), true).descendingMap().values()) {
            if (Members.revision(pod).equals(update.name()) || Ownership.isBeingDeleted(pod)) {
                continue;
            }
            if (!isAvailable(pod)) {
                delete(pod); // it counts as unavailable already; without this a broken revision would stay for ever
            } else if (budget > 0) {
                delete(pod);
                budget--;
            }
        }
    }

    private void delete(Pod pod) {
        if (!Ownership.isBeingDeleted(pod) && deleted.add(pod.getMetadata().getName())) {
            steps.add(new Step.DeletePod(pod));
        }
    }

    private boolean isAvailable(Pod pod) {
        return PodFacts.phase(pod).equals("Running")
                && PodFacts.isAvailable(pod, minReady, now)
                && !Ownership.isBeingDeleted(pod);
    }

    private boolean isRollingUpdate() {
        return SetStatus.isRollingUpdate(set);
    }

    /** The lowest ordinal that an update may reach; the number in the spec counts from the set's first. */
    private int partition() {
        @Nullable RollingUpdateStatefulSetStrategy rolling = rolling();
        long partition = Members.first(set) + (rolling == null ? 0L : orZero(rolling.getPartition()));
        return Math.clamp(partition, 0, Integer.MAX_VALUE);
    }

    /** At least one, or nothing could move. */
    private int maxUnavailable() {
        @Nullable RollingUpdateStatefulSetStrategy rolling = rolling();
        @Nullable IntOrString limit = rolling == null ? null : rolling.getMaxUnavailable();
        return Math.max(1, NumberOrPercent.of(limit, Members.replicas(set), false));
    }

    private @Nullable RollingUpdateStatefulSetStrategy rolling() {
        @Nullable StatefulSetUpdateStrategy strategy = set.getSpec().getUpdateStrategy();
        return strategy == null ? null : strategy.getRollingUpdate();
    }
}
