package io.mokube.controllermanager.controllers.deployment;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Plans the next writes of one Deployment. Pure: one planning sees one state of the world at one time.
 *
 * <p>It follows Kubernetes' Deployment controller with one difference: more pods are asked for only once every
 * ReplicaSet's controller has seen its last change, and pods that a scaled-down ReplicaSet still has count as much as
 * wanted ones. So the surge limit holds for the pods that are really there, however far that controller lags.
 */
final class Rollout {

    private final Deployment deployment;
    private final Collection<Pod> pods;
    private final Limits limits;
    private final RolloutStatus status;

    private final List<ReplicaSetDraft> old = new ArrayList<>();
    private @Nullable ReplicaSetDraft newest;
    private List<ReplicaSetDraft> toDelete = List.of();
    private Optional<String> revision = Optional.empty();

    private Rollout(Deployment deployment, Collection<ReplicaSet> replicaSets, Collection<Pod> pods, Instant now) {
        this.deployment = deployment;
        this.pods = pods;
        this.limits = Limits.of(deployment);
        this.status = new RolloutStatus(deployment, limits, now);
        replicaSets.stream()
                .map(ReplicaSetDraft::existing)
                .sorted(ReplicaSetDraft.OLDEST_FIRST)
                .forEach(draft -> {
                    if (newest == null
                            && PodTemplates.same(
                                    draft.after().getSpec().getTemplate(),
                                    deployment.getSpec().getTemplate())) {
                        newest = draft;
                    } else {
                        old.add(draft);
                    }
                });
    }

    /**
     * Decides what to do now.
     *
     * @param replicaSets all ReplicaSets the Deployment controls
     * @param pods all pods that those control
     */
    static RolloutPlan plan(
            Deployment deployment, Collection<ReplicaSet> replicaSets, Collection<Pod> pods, Instant now) {
        return new Rollout(deployment, replicaSets, pods, now).plan();
    }

    private RolloutPlan plan() {
        boolean paused = Boolean.TRUE.equals(deployment.getSpec().getPaused());
        if (Ownership.isBeingDeleted(deployment)) {
            syncNewest();
            return finish(status.sizes(newest, old));
        }
        status.notePause(paused);
        if (paused || isResize()) {
            syncNewest();
            shareOut();
            if (paused) {
                cleanUp();
            }
            return finish(status.sizes(newest, old));
        }
        boolean moved = Limits.isRollingUpdate(deployment) ? roll() : recreate();
        if (!moved && status.isComplete(deployment.getStatus())) {
            cleanUp();
        }
        return finish(status.progress(newest, old));
    }

    // -- the newest ReplicaSet ------------------------------------------------------------------------------------

    /** Brings the ReplicaSet of the current template, if there is one, up to date with the Deployment. */
    private void syncNewest() {
        ReplicaSetDraft current = newest;
        if (current == null) {
            return;
        }
        Revisions.makeNewest(deployment, current, Revisions.next(old));
        current.minReadySeconds(orZero(deployment.getSpec().getMinReadySeconds()));
        setRevision(current.annotation(Revisions.REVISION));
        status.found(current);
    }

    private ReplicaSetDraft syncOrCreateNewest() {
        if (newest == null) {
            ReplicaSetDraft created = ReplicaSetDraft.toCreate(replicaSetOfTemplate());
            Revisions.makeNewest(deployment, created, Revisions.next(old));
            created.scale(Limits.isRollingUpdate(deployment) ? grown(0) : limits.replicas(), limits);
            setRevision(created.annotation(Revisions.REVISION));
            status.created(created);
            newest = created;
        } else {
            syncNewest();
        }
        return newest;
    }

    private void setRevision(String wanted) {
        if (!wanted.equals(Ownership.annotations(deployment).get(Revisions.REVISION))) {
            revision = Optional.of(wanted);
        }
    }

    private ReplicaSet replicaSetOfTemplate() {
        @Nullable DeploymentStatus observed = deployment.getStatus();
        String hash = PodTemplates.hash(
                deployment.getSpec().getTemplate(), observed == null ? 0 : orZero(observed.getCollisionCount()));
        PodTemplateSpec template = new PodTemplateSpecBuilder(
                        deployment.getSpec().getTemplate())
                .editOrNewMetadata()
                .addToLabels(PodTemplates.HASH_LABEL, hash)
                .endMetadata()
                .build();
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withName(deployment.getMetadata().getName() + "-" + hash)
                .withNamespace(deployment.getMetadata().getNamespace())
                .withLabels(template.getMetadata().getLabels())
                .withAnnotations(new LinkedHashMap<>())
                .withOwnerReferences(Ownership.controllerReference(deployment))
                .endMetadata()
                .withNewSpec()
                .withReplicas(0)
                .withMinReadySeconds(deployment.getSpec().getMinReadySeconds())
                .withSelector(new LabelSelectorBuilder(deployment.getSpec().getSelector())
                        .addToMatchLabels(PodTemplates.HASH_LABEL, hash)
                        .build())
                .withTemplate(template)
                .endSpec()
                .build();
    }

    // -- strategies -----------------------------------------------------------------------------------------------

    private boolean roll() {
        ReplicaSetDraft current = syncOrCreateNewest();
        boolean isNew = !current.exists();
        if (!isNew && growOrShrink(current)) {
            return true;
        }
        return shrinkOld(current) || isNew;
    }

    private boolean growOrShrink(ReplicaSetDraft current) {
        int wanted = current.replicas() > limits.replicas() ? limits.replicas() : grown(current.replicas());
        if (wanted == current.replicas()) {
            return false;
        }
        current.scale(wanted, limits);
        return true;
    }

    /** How far the newest ReplicaSet may grow from this size within the surge. */
    private int grown(int replicas) {
        int room = limits.most() - atMost();
        return allSettled() && room > 0 ? Math.max(replicas, Math.min(limits.replicas(), replicas + room)) : replicas;
    }

    private boolean shrinkOld(ReplicaSetDraft current) {
        int unavailableNew = current.replicas() - current.availableReplicas();
        int removable = sum(ReplicaSetDraft::replicas) - limits.fewestAvailable() - unavailableNew;
        if (removable <= 0 || old.stream().allMatch(draft -> draft.replicas() == 0)) {
            return false;
        }
        int removed = 0;
        for (ReplicaSetDraft draft : old) {
            // Pods that are not available anyway go first; this can't make anything less available.
            int unavailable = Math.max(0, draft.replicas() - draft.availableReplicas());
            removed += shrink(draft, Math.min(unavailable, removable - removed));
        }
        // A ReplicaSet that has yet to follow its last change still counts pods as available that are on their way out,
        // so
        // both what is available and what is wanted bound what may go.
        int spare = sum(ReplicaSetDraft::availableReplicas) - limits.fewestAvailable();
        for (ReplicaSetDraft draft : old) {
            int taken = shrink(draft, Math.min(Math.min(spare, removable - removed), draft.replicas()));
            spare -= taken;
            removed += taken;
        }
        return removed > 0;
    }

    private int shrink(ReplicaSetDraft draft, int by) {
        if (by <= 0) {
            return 0;
        }
        draft.scale(draft.replicas() - by, limits);
        return by;
    }

    private boolean recreate() {
        syncNewest();
        boolean shrunk = false;
        for (ReplicaSetDraft draft : old) {
            shrunk |= shrink(draft, draft.replicas()) > 0;
        }
        if (shrunk || oldPodsRun()) {
            return true;
        }
        ReplicaSetDraft current = syncOrCreateNewest();
        if (current.replicas() == limits.replicas()) {
            return !current.exists();
        }
        current.scale(limits.replicas(), limits);
        return true;
    }

    /** Whether pods of earlier templates are there; one that is being deleted still runs. */
    private boolean oldPodsRun() {
        String newestUid = newest == null ? "" : newest.after().getMetadata().getUid();
        return old.stream().anyMatch(draft -> draft.atMost() > 0 || !draft.settled())
                || pods.stream()
                        .filter(pod -> !PodFacts.isFinished(pod))
                        .anyMatch(pod -> Ownership.controllerOf(pod)
                                .filter(owner -> !owner.getUid().equals(newestUid))
                                .isPresent());
    }

    // -- resizing -------------------------------------------------------------------------------------------------

    /** Whether the Deployment's size was changed since its ReplicaSets were last sized. */
    private boolean isResize() {
        String wanted = Integer.toString(limits.replicas());
        return active().stream().anyMatch(draft -> {
            String noted = draft.annotation(Revisions.DESIRED_REPLICAS);
            return !noted.isEmpty() && !noted.equals(wanted);
        });
    }

    /** Gives a new size to what runs now: to one ReplicaSet all of it, to several in proportion. */
    private void shareOut() {
        List<ReplicaSetDraft> active = active();
        if (active.size() <= 1) {
            @Nullable ReplicaSetDraft only = active.isEmpty() ? latest() : active.getFirst();
            if (only != null && !growOrShrink(only) && only.replicas() == limits.replicas()) {
                only.noteSize(limits);
            }
        } else if (isSaturated()) {
            old.forEach(draft -> shrink(draft, draft.replicas()));
        } else if (Limits.isRollingUpdate(deployment)) {
            shareInProportion(active);
        }
    }

    private @Nullable ReplicaSetDraft latest() {
        return newest != null || old.isEmpty() ? newest : old.getLast();
    }

    /** Whether the newest ReplicaSet alone serves the whole Deployment. */
    private boolean isSaturated() {
        return newest != null
                && newest.replicas() == limits.replicas()
                && newest.availableReplicas() == limits.replicas()
                && newest.annotation(Revisions.DESIRED_REPLICAS).equals(Integer.toString(limits.replicas()));
    }

    private void shareInProportion(List<ReplicaSetDraft> active) {
        int allowed = limits.replicas() > 0 ? limits.most() : 0;
        int toAdd =
                allowed - active.stream().mapToInt(ReplicaSetDraft::replicas).sum();
        if (toAdd > 0) {
            if (!allSettled()) {
                return;
            }
            toAdd = Math.max(0, Math.min(toAdd, allowed - atMost()));
        }
        active.sort(toAdd > 0 ? ReplicaSetDraft.LARGEST_THEN_NEWEST : ReplicaSetDraft.LARGEST_THEN_OLDEST);
        Map<ReplicaSetDraft, Integer> sizes = new LinkedHashMap<>();
        int added = 0;
        for (ReplicaSetDraft draft : active) {
            int share = share(draft, toAdd, added);
            sizes.put(draft, draft.replicas() + share);
            added += share;
        }
        // What rounding left over goes to the largest.
        sizes.merge(active.getFirst(), toAdd - added, Integer::sum);
        sizes.forEach((draft, size) -> draft.scale(Math.max(0, size), limits));
    }

    private int share(ReplicaSetDraft draft, int toAdd, int added) {
        int left = toAdd - added;
        if (toAdd == 0 || left == 0) {
            return 0;
        }
        int fraction = -draft.replicas();
        if (limits.replicas() > 0) {
            int earlierMost = earlierMost(draft);
            fraction = Math.toIntExact(Math.round((double) draft.replicas() * limits.most() / earlierMost))
                    - draft.replicas();
        }
        return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
    }

    /** The most pods the Deployment could have when this ReplicaSet was last sized; at least 1. */
    private int earlierMost(ReplicaSetDraft draft) {
        @Nullable DeploymentStatus observed = deployment.getStatus();
        int fallback = observed == null ? 0 : orZero(observed.getReplicas());
        String noted = draft.annotation(Revisions.MAX_REPLICAS);
        try {
            int most = noted.isEmpty() ? 0 : Integer.parseInt(noted);
            return Math.max(1, most > 0 ? most : fallback);
        } catch (NumberFormatException e) {
            return Math.max(1, fallback);
        }
    }

    // -- the end of a plan ----------------------------------------------------------------------------------------

    private void cleanUp() {
        toDelete = Revisions.beyondHistory(deployment, old);
    }

    private RolloutPlan finish(DeploymentStatus newStatus) {
        List<RolloutPlan.Step> steps = new ArrayList<>();
        if (newest != null && !newest.exists()) {
            steps.add(new RolloutPlan.Step.Create(newest.after()));
        }
        for (ReplicaSetDraft draft : all()) {
            if (toDelete.contains(draft)) {
                steps.add(new RolloutPlan.Step.Delete(draft.after()));
            } else if (draft.exists() && draft.changed()) {
                steps.add(new RolloutPlan.Step.Update(draft.after(), draft.replicasBefore()));
            }
        }
        return new RolloutPlan(List.copyOf(steps), revision, newStatus, status.again(newStatus));
    }

    private List<ReplicaSetDraft> all() {
        List<ReplicaSetDraft> all = new ArrayList<>(old);
        if (newest != null) {
            all.addFirst(newest);
        }
        return all;
    }

    private List<ReplicaSetDraft> active() {
        List<ReplicaSetDraft> active = all();
        active.removeIf(draft -> draft.replicas() == 0);
        return active;
    }

    private int sum(ToIntFunction<ReplicaSetDraft> number) {
        return all().stream().mapToInt(number).sum();
    }

    private boolean allSettled() {
        return all().stream().allMatch(ReplicaSetDraft::settled);
    }

    private int atMost() {
        return sum(ReplicaSetDraft::atMost);
    }
}
