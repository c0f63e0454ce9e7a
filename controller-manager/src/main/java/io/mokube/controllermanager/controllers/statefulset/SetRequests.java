package io.mokube.controllermanager.controllers.statefulset;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.NamespaceEnding;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.SideBySide;
import io.mokube.controllermanager.controllers.statefulset.SetPlan.Step;
import io.mokube.machinery.error.ApiException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Carries a plan's steps out, remembers what was written, and tells of it in events. Safe for use by many threads. */
final class SetRequests {

    private final ResourceClient<Pod> pods;
    private final ResourceClient<PersistentVolumeClaim> claims;
    private final OwnWrites podWrites;
    private final OwnWrites claimWrites;
    private final EventRecorder events;

    SetRequests(
            ResourceClient<Pod> pods,
            ResourceClient<PersistentVolumeClaim> claims,
            OwnWrites podWrites,
            OwnWrites claimWrites,
            EventRecorder events) {
        this.pods = pods;
        this.claims = claims;
        this.podWrites = podWrites;
        this.claimWrites = claimWrites;
        this.events = events;
    }

    /**
     * Carries a plan out: one step after the other, up to the first that has to wait, or several at once.
     *
     * @return whether nothing was in the way
     * @throws RuntimeException the first error of a step
     */
    boolean carryOut(StatefulSet set, SetPlan plan) throws InterruptedException {
        if (!plan.together()) {
            return plan.steps().stream().allMatch(step -> carryOut(set, step));
        }
        AtomicBoolean clear = new AtomicBoolean(true);
        Optional<RuntimeException> error = SideBySide.slowStart(plan.steps(), step -> {
            if (!carryOut(set, step)) {
                clear.set(false);
            }
        });
        if (error.isPresent()) {
            throw error.get();
        }
        return clear.get();
    }

    /**
     * Carries a step out.
     *
     * @return whether the next one may follow; otherwise something is in the way that passes by itself
     */
    private boolean carryOut(StatefulSet set, Step step) {
        return switch (step) {
            case Step.CreatePod(Pod pod, List<PersistentVolumeClaim> missing) ->
                createClaims(set, pod, missing) && createPod(set, pod);
            case Step.CreateClaims(Pod pod, List<PersistentVolumeClaim> missing) -> createClaims(set, pod, missing);
            case Step.Report(Pod pod, String obstacle) -> {
                events.warning(set, "FailedCreate", failed("create", pod, set, obstacle));
                yield true;
            }
            case Step.UpdatePod(Pod pod) -> updatePod(set, pod);
            case Step.UpdateClaim(PersistentVolumeClaim claim, boolean foreign) -> updateClaim(set, claim, foreign);
            case Step.DeletePod(Pod pod) -> deletePod(set, pod);
        };
    }

    private boolean createPod(StatefulSet set, Pod pod) {
        try {
            remembered(podWrites, set, pod, pods::create);
        } catch (ApiException e) {
            if (NamespaceEnding.isCauseOf(e)) {
                return false;
            }
            if (e.isAlreadyExists()) {
                return createdBefore(set, pod);
            }
            events.warning(set, "FailedCreate", failed("create", pod, set, e.getMessage()));
            throw e;
        }
        events.normal(set, "SuccessfulCreate", successful("create", pod, set));
        return true;
    }

    /** The name is taken: by this set's pod, or by one that has to go before the set can have its own. */
    private boolean createdBefore(StatefulSet set, Pod pod) {
        Optional<Pod> ours = pods.get(Ownership.key(pod)).filter(existing -> Ownership.isControlledBy(existing, set));
        ours.ifPresent(existing -> podWrites.stored(set.getMetadata().getUid(), existing));
        return ours.isPresent();
    }

    private boolean createClaims(StatefulSet set, Pod pod, List<PersistentVolumeClaim> missing) {
        for (PersistentVolumeClaim claim : missing) {
            String name = claim.getMetadata().getName();
            try {
                remembered(claimWrites, set, claim, claims::create);
            } catch (ApiException e) {
                if (NamespaceEnding.isCauseOf(e)) {
                    return false;
                }
                if (e.isAlreadyExists()) {
                    continue; // a claim is for whoever has the name
                }
                events.warning(
                        set,
                        "FailedCreate",
                        "create Claim %s for Pod %s in StatefulSet %s failed error: %s"
                                .formatted(name, name(pod), name(set), e.getMessage()));
                events.warning(
                        set,
                        "FailedCreate",
                        failed("create", pod, set, "failed to create PVC " + name + ": " + e.getMessage()));
                throw e;
            }
            events.normal(
                    set,
                    "SuccessfulCreate",
                    "create Claim %s Pod %s in StatefulSet %s success".formatted(name, name(pod), name(set)));
        }
        return true;
    }

    private boolean updatePod(StatefulSet set, Pod pod) {
        try {
            remembered(podWrites, set, pod, pods::update);
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) {
                return false;
            }
            events.warning(set, "FailedUpdate", failed("update", pod, set, e.getMessage()));
            throw e;
        }
        events.normal(set, "SuccessfulUpdate", successful("update", pod, set));
        return true;
    }

    private boolean updateClaim(StatefulSet set, PersistentVolumeClaim claim, boolean foreign) {
        if (foreign) {
            events.warning(
                    set,
                    "ConflictingController",
                    "PersistentVolumeClaim " + name(claim) + " has a conflicting OwnerReference that acts as a managing"
                            + " controller, the retention policy is ignored for this claim");
        }
        try {
            remembered(claimWrites, set, claim, claims::update);
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) {
                return false;
            }
            throw e;
        }
        return true;
    }

    private boolean deletePod(StatefulSet set, Pod pod) {
        String uid = set.getMetadata().getUid();
        try {
            pods.delete(
                    Ownership.key(pod),
                    DeleteOptions.DEFAULT.withUid(pod.getMetadata().getUid()));
        } catch (RuntimeException e) {
            if (e instanceof ApiException answer && (answer.isNotFound() || answer.isConflict())) {
                podWrites.deleted(uid, pod); // it is gone already; the cache has yet to show it
                return true;
            }
            podWrites.failed(uid, Ownership.key(pod), e);
            if (e instanceof ApiException answer) {
                events.warning(set, "FailedDelete", failed("delete", pod, set, answer.getMessage()));
            }
            throw e;
        }
        podWrites.deleted(uid, pod);
        events.normal(set, "SuccessfulDelete", successful("delete", pod, set));
        return true;
    }

    private static <T extends HasMetadata> void remembered(
            OwnWrites writes, StatefulSet set, T object, UnaryOperator<T> request) {
        String uid = set.getMetadata().getUid();
        T answer;
        try {
            answer = request.apply(object);
        } catch (RuntimeException e) {
            writes.failed(uid, Ownership.key(object), e);
            throw e;
        }
        writes.stored(uid, answer);
    }

    private static String successful(String verb, Pod pod, StatefulSet set) {
        return "%s Pod %s in StatefulSet %s successful".formatted(verb, name(pod), name(set));
    }

    private static String failed(String verb, Pod pod, StatefulSet set, @Nullable String error) {
        return "%s Pod %s in StatefulSet %s failed error: %s".formatted(verb, name(pod), name(set), error);
    }

    private static String name(HasMetadata object) {
        return object.getMetadata().getName();
    }
}
