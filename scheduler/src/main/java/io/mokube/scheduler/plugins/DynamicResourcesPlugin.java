package io.mokube.scheduler.plugins;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.AllocatedDeviceStatus;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResultBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReferenceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimStatus;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.scheduler.devices.Allocator;
import io.mokube.scheduler.devices.DeviceClaimFacts;
import io.mokube.scheduler.devices.DeviceClaimFacts.Request;
import io.mokube.scheduler.devices.DeviceExpressions;
import io.mokube.scheduler.devices.DeviceExpressions.UnclearException;
import io.mokube.scheduler.devices.DevicePlan;
import io.mokube.scheduler.devices.DevicePlan.Grant;
import io.mokube.scheduler.devices.Devices;
import io.mokube.scheduler.devices.ExtendedResources;
import io.mokube.scheduler.framework.ApiObjects;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.Outcome;
import io.mokube.scheduler.framework.PostFilterPlugin;
import io.mokube.scheduler.framework.PreBindPlugin;
import io.mokube.scheduler.framework.Rejections;
import io.mokube.scheduler.framework.ReservePlugin;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.NodeRequirement;
import io.mokube.scheduler.snapshot.PodClaims.ContainerRequest;
import io.mokube.scheduler.snapshot.PodClaims.DeviceClaim;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lets a pod only where it can use the devices its claims have, or where devices are free that its claims ask for; gives
 * them to the claims and enters the pod into these before it is bound (dynamic resource allocation). What a pod asks for as
 * extended resources is such a claim too, where devices stand behind these.
 */
public final class DynamicResourcesPlugin
        implements FilterPlugin, PostFilterPlugin, ScorePlugin, ReservePlugin, PreBindPlugin {

    /** How long to wait for conditions of devices before the pod is bound. */
    public static final Duration DEFAULT_PATIENCE = Duration.ofMinutes(10);

    private static final String NAME = "DynamicResources";
    private static final String FINALIZER = "resource.kubernetes.io/delete-protection";
    private static final int MOST_TRIES = 5;
    /** The API allows so many alternatives in one request. */
    private static final int MOST_ALTERNATIVES = 8;

    private static final Verdict NOT_HERE = unfit("resourceclaim not available on the node");
    private static final Verdict TOO_FEW = unfit("cannot allocate all claims");

    private final DeviceExpressions expressions = new DeviceExpressions();
    private final Duration patience;

    public DynamicResourcesPlugin() {
        this(DEFAULT_PATIENCE);
    }

    /** Configured with how long to wait for conditions of devices. */
    public DynamicResourcesPlugin(Duration patience) {
        this.patience = patience;
    }

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
        if (!concerns(pod)) {
            return NodeFilter.NONE;
        }
        return switch (needs(pod, snapshot.devices())) {
            case Needs.Refused(String reason) -> NodeFilter.nowhere(unfit(reason));
            case Needs.Claims claims -> {
                if (claims.isNothing()) {
                    yield NodeFilter.NONE;
                }
                Allocations allocations = new Allocations(pod, claims, snapshot.devices());
                yield node -> check(node.facts(), claims, allocations);
            }
        };
    }

    private static boolean concerns(PodInfo pod) {
        return !pod.claims().devices().isEmpty() || !pod.claims().extended().isEmpty();
    }

    private static Verdict check(NodeFacts node, Needs.Claims claims, Allocations allocations) {
        for (List<NodeRequirement> terms : claims.places()) {
            if (terms.stream().noneMatch(term -> term.matches(node))) {
                return NOT_HERE;
            }
        }
        try {
            return allocations.on(node).isPresent() ? Verdict.FITS : TOO_FEW;
        } catch (UnclearException e) {
            return unfit(String.valueOf(e.getMessage()));
        }
    }

    /**
     * The search for devices on nodes. Which extended resources are claimed depends on the node: those that it does not have
     * itself.
     */
    private final class Allocations {

        private final PodInfo pod;
        private final Needs.Claims claims;
        private final Devices devices;
        private final Map<Set<String>, Allocator> allocators = new HashMap<>();

        Allocations(PodInfo pod, Needs.Claims claims, Devices devices) {
            this.pod = pod;
            this.claims = claims;
            this.devices = devices;
        }

        /** What the claims would get on a node; empty when not all of them get what they ask for. */
        Optional<DevicePlan> on(NodeFacts node) {
            Set<String> claimed = claims.extended().isEmpty() ? Set.of() : claimed(claims.extended(), node, devices);
            if (claims.open().isEmpty() && claimed.isEmpty()) {
                return Optional.of(DevicePlan.NOTHING);
            }
            return allocators
                    .computeIfAbsent(claimed, any -> new Allocator(all(claimed), devices, expressions))
                    .on(node);
        }

        private List<DeviceClaimFacts> all(Set<String> claimed) {
            if (claimed.isEmpty()) {
                return claims.open();
            }
            List<DeviceClaimFacts> all = new ArrayList<>(claims.open());
            all.add(ExtendedResources.of(claims.extended(), claimed, devices).unwritten(pod));
            return all;
        }
    }

    /** The extended resources behind which devices stand, because the node does not have them itself. */
    private static Set<String> claimed(List<ContainerRequest> extended, NodeFacts node, Devices devices) {
        Set<String> claimed = new HashSet<>();
        for (ContainerRequest each : extended) {
            if (node.allocatable().other(each.resource()) == 0 && devices.classFor(each.resource()) != null) {
                claimed.add(each.resource());
            }
        }
        return claimed;
    }

    /** What a pod needs of devices. */
    private sealed interface Needs {

        /** No node can run the pod now. */
        record Refused(String reason) implements Needs {}

        /**
         * @param open claims that have no devices yet
         * @param places where the devices of the others can be used
         * @param extended what is asked for as extended resources and not claimed yet
         */
        record Claims(List<DeviceClaimFacts> open, List<List<NodeRequirement>> places, List<ContainerRequest> extended)
                implements Needs {

            boolean isNothing() {
                return open.isEmpty() && places.isEmpty() && extended.isEmpty();
            }
        }
    }

    private static Needs needs(PodInfo pod, Devices devices) {
        List<DeviceClaimFacts> open = new ArrayList<>();
        List<List<NodeRequirement>> places = new ArrayList<>();
        for (DeviceClaim use : uses(pod, devices)) {
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
        boolean claimed = pod.claims().extended().isEmpty() || devices.extendedClaimOf(pod.uid()) != null;
        return new Needs.Claims(
                open,
                places,
                claimed
                        ? List.of()
                        : pod.claims().extended().stream()
                                .filter(each -> devices.classFor(each.resource()) != null)
                                .toList());
    }

    /** The pod's claims, with the one that an earlier attempt made for its extended resources. */
    private static List<DeviceClaim> uses(PodInfo pod, Devices devices) {
        DeviceClaimFacts made = pod.claims().extended().isEmpty() ? null : devices.extendedClaimOf(pod.uid());
        if (made == null) {
            return pod.claims().devices();
        }
        List<DeviceClaim> uses = new ArrayList<>(pod.claims().devices());
        uses.add(new DeviceClaim("", Optional.of(made.key()), false, true));
        return uses;
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
                                .anyMatch(use -> use.claim().equals(Optional.of(claim.key())))
                        || claim.ownerUid().equals(pod.uid()))
                .or(() -> change.before(PodInfo.class).map(DynamicResourcesPlugin::concerns))
                .orElse(true);
    }

    @Override
    public Remedy remedy(PodInfo pod, Snapshot snapshot, Rejections rejected, FilterChain filters) {
        List<DeviceClaim> uses = uses(pod, snapshot.devices());
        if (uses.isEmpty()) {
            return new Remedy.None("no new claims to deallocate", false);
        }
        for (int i = 0; i < snapshot.size(); i++) {
            if (NOT_HERE.equals(rejected.at(i))) {
                NodeFacts node = snapshot.node(i).facts();
                for (DeviceClaim use : uses) {
                    DeviceClaimFacts claim = use.claim()
                            .map(key -> snapshot.devices().claim(key))
                            .orElse(null);
                    if (claim != null && claim.isAlone(pod.uid()) && isElsewhere(claim, node)) {
                        return new Remedy.None(
                                "deallocation of ResourceClaim completed", false, Optional.of(claim.key()));
                    }
                }
            }
        }
        return new Remedy.None("still not schedulable", false);
    }

    private static boolean isElsewhere(DeviceClaimFacts claim, NodeFacts node) {
        return claim.allocation()
                .flatMap(DeviceClaimFacts.Allocation::nodes)
                .map(terms -> terms.stream().noneMatch(term -> term.matches(node)))
                .orElse(false);
    }

    // ---- rating

    /** Nodes on which requests get what they name first are better, when requests name several things. */
    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        if (!concerns(pod)
                || !(needs(pod, snapshot.devices()) instanceof Needs.Claims claims)
                || claims.open().stream()
                        .flatMap(claim -> claim.requests().stream())
                        .noneMatch(request -> request.options().size() > 1)) {
            return NodeScorer.NONE;
        }
        Allocations allocations = new Allocations(pod, claims, snapshot.devices());
        return new NodeScorer() {
            @Override
            public long score(NodeInfo node) {
                return allocations
                        .on(node.facts())
                        .map(DynamicResourcesPlugin::preference)
                        .orElse(0L);
            }

            @Override
            public void normalize(long[] scores) {
                NodeScorer.stretch(scores);
            }
        };
    }

    private static long preference(DevicePlan plan) {
        long sum = 0;
        for (Grant grant : plan.grants()) {
            Set<String> got = new HashSet<>();
            grant.result().getDevices().getResults().forEach(result -> got.add(result.getRequest()));
            for (Request request : grant.claim().requests()) {
                for (int i = 0;
                        request.options().size() > 1 && i < request.options().size();
                        i++) {
                    if (got.contains(request.options().get(i).name())) {
                        sum += MOST_ALTERNATIVES - i;
                    }
                }
            }
        }
        return sum;
    }

    // ---- setting aside

    @Override
    public Outcome reserve(PodInfo pod, NodeInfo node, Snapshot snapshot, ClusterState state) {
        if (!concerns(pod) || !(needs(pod, snapshot.devices()) instanceof Needs.Claims claims)) {
            return Outcome.DONE;
        }
        // The same question to the same snapshot has the same answer as when the node was chosen.
        Optional<DevicePlan> plan = new Allocations(pod, claims, snapshot.devices()).on(node.facts());
        if (plan.isPresent() && plan.get().grants().isEmpty()) {
            return Outcome.DONE;
        }
        return plan.isPresent() && state.devices().reserve(pod.uid(), plan.get(), snapshot.devices())
                ? Outcome.DONE
                : new Outcome.Failed("the pod's devices changed while it was decided on");
    }

    @Override
    public void unreserve(PodInfo pod, String node, ClusterState state) {
        state.devices().release(pod.uid());
    }

    // ---- before the pod is bound

    @Override
    public Outcome preBind(PodInfo pod, String node, ClusterState state, ApiObjects objects)
            throws InterruptedException {
        if (!concerns(pod)) {
            return Outcome.DONE;
        }
        Devices devices = state.devices().view();
        DevicePlan plan = state.devices().plan(pod.uid());
        List<ResourceClaim> entered = new ArrayList<>();
        try {
            for (DeviceClaim use : uses(pod, devices)) {
                if (use.claim().isPresent()) {
                    ObjectKey key = use.claim().get();
                    entered.add(enter(pod, key, grant(plan, key), objects));
                    // What was written is known before the watch tells of it, so nobody gets the devices in between.
                    state.devices().put(DeviceClaimFacts.of(entered.getLast()));
                }
            }
            for (Grant grant : plan.grants()) {
                if (grant.claim().uid().isEmpty()) {
                    entered.add(claimExtended(pod, grant, devices, state, objects));
                }
            }
            state.devices().release(pod.uid());
            awaitConditions(pod, node, entered, objects);
        } catch (ApiException | ChangedException e) {
            return new Outcome.Failed(String.valueOf(e.getMessage()));
        } catch (NotReadyException e) {
            // They are given back, so that the next attempt can have others.
            for (ResourceClaim claim : entered) {
                giveBack(pod, claim, state, objects);
            }
            return new Outcome.Failed(String.valueOf(e.getMessage()));
        }
        return Outcome.DONE;
    }

    private static Optional<Grant> grant(DevicePlan plan, ObjectKey key) {
        return plan.grants().stream()
                .filter(each -> each.claim().key().equals(key))
                .findFirst();
    }

    /** Makes the claim for what the pod asks for as extended resources, and tells the pod's node of it. */
    private static ResourceClaim claimExtended(
            PodInfo pod, Grant grant, Devices devices, ClusterState state, ApiObjects objects) {
        Set<String> names = new HashSet<>();
        grant.claim().requests().forEach(request -> names.add(request.name()));
        Set<String> claimed = new HashSet<>();
        for (ContainerRequest each : pod.claims().extended()) {
            if (devices.classFor(each.resource()) != null
                    && ExtendedResources.of(pod.claims().extended(), Set.of(each.resource()), devices)
                            .requests()
                            .stream()
                            .anyMatch(request -> names.contains(request.name()))) {
                claimed.add(each.resource());
            }
        }
        ExtendedResources resources = ExtendedResources.of(pod.claims().extended(), claimed, devices);
        ResourceClaim made = objects.create(resources.claim(pod));
        ObjectKey key = new ObjectKey(pod.key().namespace(), made.getMetadata().getName());
        ResourceClaim entered = enter(pod, key, Optional.of(grant), objects);
        state.devices().put(DeviceClaimFacts.of(entered));
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").put("uid", pod.uid());
        ObjectNode status = patch.putObject("status").putObject("extendedResourceClaimStatus");
        status.put("resourceClaimName", key.name());
        ArrayNode mappings = status.putArray("requestMappings");
        resources
                .mappings()
                .forEach(each -> mappings.addObject()
                        .put("containerName", each.getContainerName())
                        .put("resourceName", each.getResourceName())
                        .put("requestName", each.getRequestName()));
        objects.patchStatus(Pod.class, pod.key(), patch);
        return entered;
    }

    // ---- devices that must be made ready

    /** Devices that were given do not get ready. */
    private static final class NotReadyException extends RuntimeException {
        NotReadyException(String message) {
            super(message, null, false, false);
        }
    }

    private void awaitConditions(PodInfo pod, String node, List<ResourceClaim> claims, ApiObjects objects)
            throws InterruptedException {
        List<ObjectKey> waiting = claims.stream()
                .filter(claim -> results(claim)
                        .anyMatch(result -> !result.getBindingConditions().isEmpty()))
                .map(claim -> new ObjectKey(
                        claim.getMetadata().getNamespace(), claim.getMetadata().getName()))
                .toList();
        if (waiting.isEmpty()) {
            return;
        }
        objects.report(pod, "BindingConditionsPending", "waiting for binding conditions for device on node " + node);
        if (!objects.await(() -> waiting.stream().allMatch(key -> isReady(key, objects)), patience)) {
            throw new NotReadyException("device binding timeout");
        }
    }

    private static Stream<DeviceRequestAllocationResult> results(ResourceClaim claim) {
        return claim.getStatus() == null
                ? Stream.empty()
                : results(claim.getStatus().getAllocation());
    }

    private static Stream<DeviceRequestAllocationResult> results(@Nullable AllocationResult allocation) {
        return allocation == null || allocation.getDevices() == null
                ? Stream.empty()
                : allocation.getDevices().getResults().stream();
    }

    private static boolean isReady(ObjectKey key, ApiObjects objects) {
        ResourceClaim claim = objects.get(ResourceClaim.class, key)
                .orElseThrow(() -> new ChangedException("claim " + key + " got deleted in the meantime"));
        return results(claim).allMatch(result -> {
            List<Condition> said = claim.getStatus().getDevices().stream()
                    .filter(device -> isOf(device, result))
                    .flatMap(device -> device.getConditions().stream())
                    .filter(condition -> "True".equals(condition.getStatus()))
                    .toList();
            for (Condition condition : said) {
                if (result.getBindingFailureConditions().contains(condition.getType())) {
                    throw new NotReadyException("claim " + key.name() + " binding failed: reason="
                            + condition.getReason() + ", message=\"" + condition.getMessage() + "\"");
                }
            }
            return result.getBindingConditions().stream()
                    .allMatch(wanted -> said.stream().anyMatch(condition -> wanted.equals(condition.getType())));
        });
    }

    private static boolean isOf(AllocatedDeviceStatus device, DeviceRequestAllocationResult result) {
        return result.getDriver().equals(device.getDriver())
                && result.getPool().equals(device.getPool())
                && result.getDevice().equals(device.getDevice())
                && Objects.equals(result.getShareID(), device.getShareID());
    }

    private static void giveBack(PodInfo pod, ResourceClaim entered, ClusterState state, ApiObjects objects) {
        ObjectKey key = new ObjectKey(
                entered.getMetadata().getNamespace(), entered.getMetadata().getName());
        try {
            Optional<ResourceClaim> claim = objects.get(ResourceClaim.class, key);
            if (claim.isPresent() && DeviceClaimFacts.of(claim.get()).isAlone(pod.uid())) {
                state.devices()
                        .put(DeviceClaimFacts.of(objects.updateStatus(DeviceClaimFacts.withoutDevices(claim.get()))));
            }
        } catch (ApiException e) {
            // Then the pod is drawn back to these devices, and waits for them again.
        }
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
            AllocationResult granted = grant.get().result();
            allocation = results(granted)
                            .anyMatch(result -> !result.getBindingConditions().isEmpty())
                    ? new AllocationResultBuilder(granted)
                            .withAllocationTimestamp(objects.now()
                                    .truncatedTo(ChronoUnit.SECONDS)
                                    .toString())
                            .build()
                    : granted;
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
