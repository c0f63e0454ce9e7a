package io.mokube.scheduler.plugins;

import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReferenceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimStatus;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.devices.Allocator;
import io.mokube.scheduler.devices.DeviceClaimFacts;
import io.mokube.scheduler.devices.DeviceExpressions;
import io.mokube.scheduler.devices.DeviceExpressions.UnclearException;
import io.mokube.scheduler.devices.DevicePlan;
import io.mokube.scheduler.devices.DevicePlan.Grant;
import io.mokube.scheduler.devices.Devices;
import io.mokube.scheduler.framework.ApiObjects;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Outcome;
import io.mokube.scheduler.framework.PostFilterPlugin;
import io.mokube.scheduler.framework.PreBindPlugin;
import io.mokube.scheduler.framework.Rejections;
import io.mokube.scheduler.framework.ReservePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.NodeRequirement;
import io.mokube.scheduler.snapshot.PodClaims.DeviceClaim;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets a pod only where it can use the devices its claims have, or where devices are free that its claims ask for; gives
 * them to the claims and enters the pod into these before it is bound (dynamic resource allocation).
 */
public final class DynamicResourcesPlugin implements FilterPlugin, PostFilterPlugin, ReservePlugin, PreBindPlugin {

    private static final String NAME = "DynamicResources";
    private static final String FINALIZER = "resource.kubernetes.io/delete-protection";
    private static final int MOST_TRIES = 5;

    private static final Verdict NOT_HERE = unfit("resourceclaim not available on the node");
    private static final Verdict TOO_FEW = unfit("cannot allocate all claims");

    private final DeviceExpressions expressions = new DeviceExpressions();

    private static Verdict.Unfit unfit(String reason) {
        return new Verdict.Unfit(NAME, List.of(reason), false);
    }

    @Override
    public String name() {
        return NAME;
    }

    // ---- deciding

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        if (pod.claims().devices().isEmpty()) {
            return NodeFilter.NONE;
        }
        return switch (needs(pod, snapshot.devices())) {
            case Needs.Refused(String reason) -> NodeFilter.nowhere(unfit(reason));
            case Needs.Claims claims -> {
                if (claims.open().isEmpty() && claims.places().isEmpty()) {
                    yield NodeFilter.NONE;
                }
                Allocator allocator =
                        claims.open().isEmpty() ? null : new Allocator(claims.open(), snapshot.devices(), expressions);
                yield node -> check(node.facts(), claims.places(), allocator);
            }
        };
    }

    private static Verdict check(NodeFacts node, List<List<NodeRequirement>> places, @Nullable Allocator allocator) {
        for (List<NodeRequirement> terms : places) {
            if (terms.stream().noneMatch(term -> term.matches(node))) {
                return NOT_HERE;
            }
        }
        try {
            return allocator == null || allocator.on(node).isPresent() ? Verdict.FITS : TOO_FEW;
        } catch (UnclearException e) {
            return unfit(String.valueOf(e.getMessage()));
        }
    }

    /** What a pod needs of devices. */
    private sealed interface Needs {

        /** No node can run the pod now. */
        record Refused(String reason) implements Needs {}

        /**
         * @param open claims that have no devices yet
         * @param places where the devices of the others can be used
         */
        record Claims(List<DeviceClaimFacts> open, List<List<NodeRequirement>> places) implements Needs {}
    }

    private static Needs needs(PodInfo pod, Devices devices) {
        List<DeviceClaimFacts> open = new ArrayList<>();
        List<List<NodeRequirement>> places = new ArrayList<>();
        for (DeviceClaim use : pod.claims().devices()) {
            if (use.missing()) {
                return new Needs.Refused("waiting for dynamic resource controller to create the resourceclaim for"
                        + " pod resource claim \"" + use.name() + "\"");
            }
            if (use.claim().isEmpty()) {
                continue;
            }
            DeviceClaimFacts claim = devices.claim(use.claim().get());
            Optional<String> refused = refusal(pod, use, claim, devices);
            if (claim == null || refused.isPresent()) {
                return new Needs.Refused(refused.orElse(""));
            }
            if (claim.allocation().isEmpty()) {
                if (!open.contains(claim)) {
                    open.add(claim);
                }
            } else {
                claim.allocation().get().nodes().ifPresent(places::add);
            }
        }
        return new Needs.Claims(open, places);
    }

    /** Why a claim can't be used, in Kubernetes' words. */
    private static Optional<String> refusal(
            PodInfo pod, DeviceClaim use, @Nullable DeviceClaimFacts claim, Devices devices) {
        String name = use.claim().orElseThrow().name();
        if (claim == null) {
            return Optional.of("resourceclaim.resource.k8s.io \"" + name + "\" not found");
        }
        if (claim.terminating()) {
            return Optional.of("resourceclaim \"" + name + "\" is being deleted");
        }
        if (use.fromTemplate() && !claim.ownerUid().equals(pod.uid())) {
            return Optional.of(
                    "ResourceClaim " + claim.key() + " was not created for Pod " + pod.key() + " (Pod is not owner)");
        }
        if (claim.pending()) {
            return Optional.of("resource claim " + claim.key() + " is in the process of being allocated");
        }
        if (claim.allocation().isPresent()) {
            return claim.isOpenTo(pod.uid()) ? Optional.empty() : Optional.of("resourceclaim in use");
        }
        return claim.requests().stream()
                .flatMap(request -> request.options().stream())
                .filter(option -> !devices.classes().containsKey(option.className()))
                .map(option -> "request " + option.name() + ": device class " + option.className() + " does not exist")
                .findFirst();
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(
                ClusterEvent.NODE_ADDED,
                ClusterEvent.NODE_LABELS_CHANGED,
                ClusterEvent.DEVICE_CLAIM_CHANGED,
                ClusterEvent.DEVICE_SLICE_CHANGED,
                ClusterEvent.DEVICE_CLASS_CHANGED,
                // A pod that does not get where it was assumed gives devices back that were set aside for it.
                ClusterEvent.ASSIGNED_POD_REMOVED);
    }

    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        // A claim of others helps when it gives devices back, or is gone.
        return change.after(DeviceClaimFacts.class)
                .map(claim -> claim.allocation().isEmpty()
                        || pod.claims().devices().stream()
                                .anyMatch(use -> use.claim().equals(Optional.of(claim.key()))))
                .or(() -> change.before(PodInfo.class)
                        .map(gone -> !gone.claims().devices().isEmpty()))
                .orElse(true);
    }

    @Override
    public Remedy remedy(PodInfo pod, Snapshot snapshot, Rejections rejected, FilterChain filters) {
        return new Remedy.None(
                pod.claims().devices().isEmpty() ? "no new claims to deallocate" : "still not schedulable", false);
    }

    // ---- setting aside

    @Override
    public Outcome reserve(PodInfo pod, NodeInfo node, Snapshot snapshot, ClusterState state) {
        if (pod.claims().devices().isEmpty()
                || !(needs(pod, snapshot.devices()) instanceof Needs.Claims claims)
                || claims.open().isEmpty()) {
            return Outcome.DONE;
        }
        // The same question to the same snapshot has the same answer as when the node was chosen.
        Optional<DevicePlan> plan = new Allocator(claims.open(), snapshot.devices(), expressions).on(node.facts());
        return plan.isPresent() && state.devices().reserve(pod.uid(), plan.get())
                ? Outcome.DONE
                : new Outcome.Failed("the pod's devices changed while it was decided on");
    }

    @Override
    public void unreserve(PodInfo pod, String node, ClusterState state) {
        state.devices().release(pod.uid());
    }

    // ---- before the pod is bound

    @Override
    public Outcome preBind(PodInfo pod, String node, ClusterState state, ApiObjects objects) {
        DevicePlan plan = state.devices().plan(pod.uid());
        try {
            for (DeviceClaim use : pod.claims().devices()) {
                if (use.claim().isPresent()) {
                    ObjectKey key = use.claim().get();
                    Optional<Grant> grant = plan.grants().stream()
                            .filter(each -> each.claim().key().equals(key))
                            .findFirst();
                    // What was written is known before the watch tells of it, so nobody gets the devices in between.
                    state.devices().put(DeviceClaimFacts.of(enter(pod, key, grant, objects)));
                }
            }
        } catch (ApiException | ChangedException e) {
            return new Outcome.Failed(String.valueOf(e.getMessage()));
        }
        state.devices().release(pod.uid());
        return Outcome.DONE;
    }

    /** What a plan counts on is not so any more. */
    private static final class ChangedException extends RuntimeException {
        ChangedException(String message) {
            super(message, null, false, false);
        }
    }

    /** Enters a pod, and the devices if it is given any now, into a claim. */
    private static ResourceClaim enter(PodInfo pod, ObjectKey key, Optional<Grant> grant, ApiObjects objects) {
        for (int attempt = 1; ; attempt++) {
            ResourceClaim claim = objects.get(ResourceClaim.class, key)
                    .filter(found -> found.getMetadata().getDeletionTimestamp() == null)
                    .orElseThrow(() -> new ChangedException("claim " + key + " got deleted in the meantime"));
            try {
                return enter(pod, claim, grant, objects);
            } catch (ApiException e) {
                if (!e.isConflict() || attempt == MOST_TRIES) {
                    throw e;
                }
            }
        }
    }

    private static ResourceClaim enter(PodInfo pod, ResourceClaim claim, Optional<Grant> grant, ApiObjects objects) {
        ResourceClaimStatus status = claim.getStatus();
        boolean entered = status != null
                && status.getReservedFor().stream().anyMatch(each -> pod.uid().equals(each.getUid()));
        AllocationResult allocation = status == null ? null : status.getAllocation();
        if (entered && allocation != null) {
            return claim;
        }
        ResourceClaim protectedClaim = claim;
        if (grant.isPresent()) {
            if (allocation != null) {
                throw new ChangedException(
                        "claim " + grant.get().claim().key() + " got allocated elsewhere in the" + " meantime");
            }
            if (!claim.getMetadata().getFinalizers().contains(FINALIZER)) {
                protectedClaim = objects.update(new ResourceClaimBuilder(claim)
                        .editMetadata()
                        .addToFinalizers(FINALIZER)
                        .endMetadata()
                        .build());
            }
            allocation = grant.get().result();
        } else if (allocation == null) {
            throw new ChangedException("claim " + claim.getMetadata().getName() + " lost its devices in the meantime");
        }
        return objects.updateStatus(new ResourceClaimBuilder(protectedClaim)
                .editOrNewStatus()
                .withAllocation(allocation)
                .addToReservedFor(new ResourceClaimConsumerReferenceBuilder()
                        .withResource("pods")
                        .withName(pod.key().name())
                        .withUid(pod.uid())
                        .build())
                .endStatus()
                .build());
    }
}
