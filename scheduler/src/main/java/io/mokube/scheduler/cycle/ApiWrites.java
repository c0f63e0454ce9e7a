package io.mokube.scheduler.cycle;

import io.fabric8.kubernetes.api.model.Binding;
import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.mokube.client.informer.Store;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.WriteGuard;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.scheduler.devices.DeviceClaimFacts;
import io.mokube.scheduler.framework.BindOutcome;
import io.mokube.scheduler.framework.Extender;
import io.mokube.scheduler.snapshot.PodInfo;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What the scheduler writes to the API server: bindings, conditions and, to make room, deletions. */
public final class ApiWrites {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final ApiClient client;
    private final ResourceClient<Pod> pods;
    private final Platform platform;
    private final Store<Pod> seen;
    private final WriteGuard guard;

    public ApiWrites(ApiClient client, Platform platform, Store<Pod> seen) {
        this(client, platform, seen, WriteGuard.OPEN);
    }

    private ApiWrites(ApiClient client, Platform platform, Store<Pod> seen, WriteGuard guard) {
        this.client = client;
        this.pods = client.resource(Pod.class);
        this.platform = platform;
        this.seen = seen;
        this.guard = guard;
    }

    /** The same, as long as the guard lets writes pass. */
    ApiWrites guardedBy(WriteGuard newGuard) {
        return new ApiWrites(client.guardedBy(newGuard), platform, seen, newGuard);
    }

    /**
     * Binds a pod to a node. As long as the outcome is unknown, because an answer got lost, the same binding is tried
     * again: the room assumed for it must not be given away before it is certain that the pod does not take it.
     *
     * @throws InterruptedException when the thread is interrupted while it is unknown
     * @throws WriteGuard.WriteRefusedException when this scheduler may not write any more
     */
    BindOutcome bind(PodInfo pod, String node) throws InterruptedException {
        Binding binding = new BindingBuilder()
                .withNewMetadata()
                .withNamespace(pod.key().namespace())
                .withName(pod.key().name())
                .withUid(pod.uid())
                .endMetadata()
                .withNewTarget()
                .withApiVersion("v1")
                .withKind("Node")
                .withName(node)
                .endTarget()
                .build();
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                pods.createSubresource(pod.key(), "binding", binding);
                return new BindOutcome.Bound();
            } catch (ApiException e) {
                if (e.isNotFound()) {
                    return new BindOutcome.Overtaken("the pod is gone");
                }
                if (e.isConflict()) {
                    Optional<BindOutcome> settled = afterConflict(pod, node);
                    if (settled.isPresent()) {
                        return settled.get();
                    }
                } else if (e.code() < 500 && e.code() != 429) {
                    return new BindOutcome.Refused(String.valueOf(e.getMessage()));
                }
            } catch (ConnectionException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            platform.clock().sleep(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    /**
     * Has an extender bind a pod to a node. When it fails, the pod says what it did.
     *
     * @throws InterruptedException when the thread is interrupted while the outcome is unknown
     * @throws WriteGuard.WriteRefusedException when this scheduler may not write any more
     */
    BindOutcome bindBy(Extender extender, PodInfo pod, String node) throws InterruptedException {
        guard.check();
        try {
            extender.bind(pod, node);
            return new BindOutcome.Bound();
        } catch (Extender.FailedException e) {
            Duration pause = FIRST_PAUSE;
            Optional<BindOutcome> settled = afterConflict(pod, node);
            while (settled.isEmpty()) {
                platform.clock().sleep(pause);
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
                settled = afterConflict(pod, node);
            }
            return settled.get() instanceof BindOutcome.Refused
                    ? new BindOutcome.Refused(String.valueOf(e.getMessage()))
                    : settled.get();
        }
    }

    /** What a conflict means: an earlier try may have succeeded, or somebody else was faster. Empty while unknown. */
    private Optional<BindOutcome> afterConflict(PodInfo pod, String node) throws InterruptedException {
        try {
            Optional<Pod> now = pods.get(pod.key());
            if (now.isEmpty() || !pod.uid().equals(now.get().getMetadata().getUid())) {
                return Optional.of(new BindOutcome.Overtaken("the pod is gone"));
            }
            String bound = now.get().getSpec().getNodeName();
            if (node.equals(bound)) {
                return Optional.of(new BindOutcome.Bound());
            }
            return bound == null || bound.isEmpty()
                    ? Optional.of(new BindOutcome.Refused("the pod changed"))
                    : Optional.of(new BindOutcome.Overtaken("the pod was bound to " + bound));
        } catch (ApiException e) {
            return Optional.empty();
        } catch (ConnectionException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            return Optional.empty();
        }
    }

    /**
     * Says in the pod's condition {@code PodScheduled} why it has no node, and writes down the node on which room is
     * being made. Writes nothing when the pod, as last seen, says so already.
     *
     * @param nominatedNode {@code ""} for none, null to leave it as it is: another decision may be taking it back
     */
    void explain(PodInfo pod, String reason, String message, @Nullable String nominatedNode) {
        Optional<Pod> last = seen.get(pod.key());
        String now = now();
        String since = now;
        if (last.isPresent() && last.get().getStatus() != null) {
            for (PodCondition condition : last.get().getStatus().getConditions()) {
                if (condition.getType().equals("PodScheduled") && "False".equals(condition.getStatus())) {
                    if (reason.equals(condition.getReason())
                            && message.equals(condition.getMessage())
                            && (nominatedNode == null || nominatedNode.equals(PodInfo.nominatedNode(last.get())))) {
                        return;
                    }
                    since = condition.getLastTransitionTime() == null ? now : condition.getLastTransitionTime();
                }
            }
        }
        ObjectNode patch = condition("PodScheduled", "False", reason, message, since);
        ((ObjectNode) patch.get("metadata")).put("uid", pod.uid());
        ObjectNode status = (ObjectNode) patch.get("status");
        if (nominatedNode != null) {
            // An empty name is a null in a patch: the field goes.
            status.put("nominatedNodeName", nominatedNode.isEmpty() ? null : nominatedNode);
        }
        pods.patch(pod.key(), PatchKind.STRATEGIC, patch, "status");
    }

    /** Says that no room is being made for a pod any more; does nothing when it is gone. */
    void clearNomination(PodInfo pod) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").put("uid", pod.uid());
        patch.putObject("status").putNull("nominatedNodeName");
        try {
            pods.patch(pod.key(), PatchKind.STRATEGIC, patch, "status");
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
    }

    /** Takes its devices back from a claim that nobody but this pod may use; does nothing when that changed. */
    void takeBack(ObjectKey key, PodInfo pod) {
        ResourceClient<ResourceClaim> claims = client.resource(ResourceClaim.class);
        Optional<ResourceClaim> claim = claims.get(key);
        if (claim.isPresent() && DeviceClaimFacts.of(claim.get()).isAlone(pod.uid())) {
            try {
                claims.updateStatus(DeviceClaimFacts.withoutDevices(claim.get()));
            } catch (ApiException e) {
                // Somebody was faster: the pod looks again when it sees what became of the claim.
                if (!e.isNotFound() && !e.isConflict()) {
                    throw e;
                }
            }
        }
    }

    /** Objects of one kind, as long as the guard lets writes pass. */
    <T extends HasMetadata> ResourceClient<T> resource(Class<T> type) {
        return client.resource(type);
    }

    /** Takes a pod away so that a more important one fits; does nothing when it is gone already. */
    void evict(PodInfo victim, String schedulerName) {
        ObjectKey key = victim.key();
        try {
            ObjectNode patch = condition(
                    "DisruptionTarget",
                    "True",
                    "PreemptionByScheduler",
                    schedulerName + ": preempting to accommodate a higher priority pod",
                    now());
            ((ObjectNode) patch.get("metadata")).put("uid", victim.uid());
            pods.patch(key, PatchKind.STRATEGIC, patch, "status");
            pods.delete(key, DeleteOptions.DEFAULT.withUid(victim.uid()));
        } catch (ApiException e) {
            // Gone, or another pod of the same name: the room is free either way.
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
    }

    private static ObjectNode condition(String type, String status, String reason, String message, String since) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        // A UID in the patch makes the server refuse it for another pod of the same name.
        patch.putObject("metadata");
        patch.putObject("status")
                .putArray("conditions")
                .addObject()
                .put("type", type)
                .put("status", status)
                .put("reason", reason)
                .put("message", message)
                .put("lastTransitionTime", since);
        return patch;
    }

    private String now() {
        return platform.clock().instant().truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
