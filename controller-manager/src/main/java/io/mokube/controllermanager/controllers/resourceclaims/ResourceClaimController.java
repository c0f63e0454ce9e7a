package io.mokube.controllermanager.controllers.resourceclaims;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplate;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.queue.WorkQueue;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.resourceclaims.ResourceClaimController.Key;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes the claims that pods ask for by a template, reserves allocated claims for pods that got their node without the
 * scheduler, and gives up reservations, allocations and generated claims when their pods are done.
 */
public final class ResourceClaimController implements Reconciler<Key> {

    private static final String NAME = "resourceclaim-controller";
    private static final int WORKERS = 5;
    private static final String FINALIZER = "resource.kubernetes.io/delete-protection";
    private static final String POD_CLAIM_NAME = "resource.kubernetes.io/pod-claim-name";
    private static final int MOST_RESERVATIONS = 256;

    /** When to look whether what was in the way is gone. */
    private static final Duration AFTER_PROBLEM = Duration.ofSeconds(30);

    private final Store<Pod> pods;
    private final Store<ResourceClaim> claims;
    private final Store<ResourceClaimTemplate> templates;
    private final ResourceClient<Pod> podClient;
    private final ResourceClient<ResourceClaim> claimClient;
    private final EventRecorder events;

    sealed interface Key {
        record OfPod(ObjectKey key) implements Key {}

        record OfClaim(ObjectKey key) implements Key {}
    }

    private ResourceClaimController(
            Store<Pod> pods,
            Store<ResourceClaim> claims,
            Store<ResourceClaimTemplate> templates,
            ControllerContext context) {
        this.pods = pods;
        this.claims = claims;
        this.templates = templates;
        this.podClient = context.client().resource(Pod.class);
        this.claimClient = context.client().resource(ResourceClaim.class);
        this.events = context.recorders().apply("resource_claim");
    }

    public static Controller create(ControllerContext context) {
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Informer<ResourceClaim> claims = context.informers().informer(ResourceClaim.class);
        Informer<ResourceClaimTemplate> templates = context.informers().informer(ResourceClaimTemplate.class);
        ReconcileLoop<Key> loop = new ReconcileLoop<>(
                NAME,
                WORKERS,
                new ResourceClaimController(pods.store(), claims.store(), templates.store(), context),
                context.platform());
        WorkQueue<Key> queue = loop.queue();
        pods.addHandler(Handler.each(pod -> {
            for (PodResourceClaim claim : PodResourceClaims.of(pod)) {
                queue.add(new Key.OfPod(Ownership.key(pod)));
                PodResourceClaims.name(pod, claim)
                        .ifPresent(name -> queue.add(new Key.OfClaim(new ObjectKey(Ownership.namespace(pod), name))));
            }
        }));
        claims.addHandler(Handler.each(claim -> {
            queue.add(new Key.OfClaim(Ownership.key(claim)));
            String namespace = Ownership.namespace(claim);
            Ownership.controllerOf(claim)
                    .filter(owner -> owner.getKind().equals("Pod"))
                    .ifPresent(owner -> queue.add(new Key.OfPod(new ObjectKey(namespace, owner.getName()))));
        }));
        return Controller.of(NAME, List.of(pods, claims, templates), loop);
    }

    @Override
    public Outcome reconcile(Key key) {
        try {
            return switch (key) {
                case Key.OfPod(ObjectKey pod) ->
                    pods.get(pod)
                            .filter(each -> !Ownership.isBeingDeleted(each))
                            .map(this::reconcilePod)
                            .orElseGet(Outcome::done);
                case Key.OfClaim(ObjectKey claim) -> {
                    claims.get(claim).ifPresent(this::reconcileClaim);
                    yield Outcome.done();
                }
            };
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) { // the change brings the key back
                return Outcome.done();
            }
            throw e;
        }
    }

    private Outcome reconcilePod(Pod pod) {
        Map<String, String> made = new TreeMap<>();
        for (PodResourceClaim podClaim : PodResourceClaims.of(pod)) {
            if (!PodResourceClaims.isFromTemplate(podClaim) || has(pod, podClaim)) {
                continue;
            }
            Optional<String> problem = make(pod, podClaim, made);
            if (problem.isPresent()) {
                events.warning(
                        pod,
                        "FailedResourceClaimCreation",
                        "PodResourceClaim " + podClaim.getName() + ": " + problem.get());
                return Outcome.again(AFTER_PROBLEM);
            }
        }
        if (!made.isEmpty()) {
            report(pod, made);
            return Outcome.done(); // the change brings the key back
        }
        if (pod.getSpec().getNodeName() != null) {
            PodResourceClaims.of(pod).forEach(podClaim -> reserve(pod, podClaim));
        }
        return Outcome.done();
    }

    /** Whether the pod knows its claim, and it is there and the pod's own. */
    private boolean has(Pod pod, PodResourceClaim podClaim) {
        return claim(pod, podClaim)
                .filter(claim -> Ownership.isControlledBy(claim, pod))
                .isPresent();
    }

    private Optional<ResourceClaim> claim(Pod pod, PodResourceClaim podClaim) {
        return PodResourceClaims.name(pod, podClaim)
                .flatMap(name -> claims.get(new ObjectKey(Ownership.namespace(pod), name)));
    }

    /** Makes a claim from its template; returns why that is not possible. */
    private Optional<String> make(Pod pod, PodResourceClaim podClaim, Map<String, String> made) {
        String namespace = Ownership.namespace(pod);
        ObjectKey key = new ObjectKey(namespace, PodResourceClaims.newName(pod, podClaim));
        String templateName = podClaim.getResourceClaimTemplateName();
        Optional<ResourceClaimTemplate> template = templates.get(new ObjectKey(namespace, templateName));
        if (template.isEmpty()) {
            return Optional.of("resource claim template \"" + templateName
                    + "\": resourceclaimtemplate.resource.k8s.io \"" + templateName + "\" not found");
        }
        @Nullable ObjectMeta metadata = template.get().getSpec().getMetadata();
        ResourceClaim claim = new ResourceClaimBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(key.name())
                .withLabels(metadata == null ? null : metadata.getLabels())
                .withAnnotations(metadata == null ? null : metadata.getAnnotations())
                .addToAnnotations(POD_CLAIM_NAME, podClaim.getName())
                .withOwnerReferences(Ownership.controllerReference(pod))
                .endMetadata()
                .withSpec(template.get().getSpec().getSpec())
                .build();
        try {
            claimClient.create(claim);
        } catch (ApiException e) {
            boolean isOurs = e.isAlreadyExists()
                    && claimClient
                            .get(key)
                            .filter(there -> Ownership.isControlledBy(there, pod))
                            .isPresent();
            if (!isOurs) {
                return Optional.of("create ResourceClaim " + key.name() + ": " + e.getMessage());
            }
        }
        made.put(podClaim.getName(), key.name());
        return Optional.empty();
    }

    /** Tells in the pod's status what its claims are called. */
    private void report(Pod pod, Map<String, String> made) {
        Map<String, String> names = new TreeMap<>();
        for (PodResourceClaimStatus status : PodResourceClaims.statuses(pod)) {
            names.put(status.getName(), status.getResourceClaimName());
        }
        names.putAll(made);
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").put("uid", pod.getMetadata().getUid());
        ArrayNode statuses = patch.putObject("status").putArray("resourceClaimStatuses");
        names.forEach((name, claim) -> statuses.addObject().put("name", name).put("resourceClaimName", claim));
        podClient.patch(Ownership.key(pod), PatchKind.MERGE, patch, "status");
    }

    /** Reserves an allocated claim for a pod that was given its node by somebody else than the scheduler. */
    private void reserve(Pod pod, PodResourceClaim podClaim) {
        Optional<ResourceClaim> found = claim(pod, podClaim)
                .filter(claim -> !PodResourceClaims.isFromTemplate(podClaim) || Ownership.isControlledBy(claim, pod))
                .filter(PodResourceClaims::isAllocated)
                .filter(claim -> !PodResourceClaims.isReservedFor(pod, claim))
                .filter(claim -> PodResourceClaims.reservations(claim).size() < MOST_RESERVATIONS);
        if (found.isPresent() && !PodResourceClaims.isDone(pod)) {
            claimClient.updateStatus(new ResourceClaimBuilder(found.get())
                    .editStatus()
                    .addToReservedFor(PodResourceClaims.reservation(pod))
                    .endStatus()
                    .build());
        }
    }

    private void reconcileClaim(ResourceClaim claim) {
        List<ResourceClaimConsumerReference> reserved = PodResourceClaims.reservations(claim);
        List<ResourceClaimConsumerReference> valid = new ArrayList<>(reserved);
        valid.removeIf(each -> isOver(claim, each));
        boolean isFree = valid.isEmpty();
        if (valid.size() < reserved.size() || (isFree && Ownership.isBeingDeleted(claim))) {
            giveUp(claim, valid);
        } else if (isFree && !Ownership.isBeingDeleted(claim) && isOfDonePod(claim)) {
            // The garbage collector would remove it, but a pod that is done may stay for long.
            claimClient.delete(
                    Ownership.key(claim),
                    DeleteOptions.DEFAULT.withUid(claim.getMetadata().getUid()));
        }
    }

    /** Whether a reservation is for a pod that is gone or done. That one is gone is believed only of the server. */
    private boolean isOver(ResourceClaim claim, ResourceClaimConsumerReference reservation) {
        boolean isPod = "pods".equals(reservation.getResource())
                && (reservation.getApiGroup() == null
                        || reservation.getApiGroup().isEmpty());
        if (!isPod) {
            return false;
        }
        ObjectKey key = new ObjectKey(Ownership.namespace(claim), reservation.getName());
        Optional<Pod> pod = pods.get(key).or(() -> podClient.get(key));
        return pod.filter(each -> each.getMetadata().getUid().equals(reservation.getUid()))
                .filter(each -> !PodResourceClaims.isDone(each))
                .isEmpty();
    }

    private boolean isOfDonePod(ResourceClaim claim) {
        return Ownership.controllerOf(claim)
                .filter(owner -> owner.getKind().equals("Pod"))
                .flatMap(owner -> pods.get(new ObjectKey(Ownership.namespace(claim), owner.getName()))
                        .filter(pod ->
                                !pod.getMetadata().getUid().equals(owner.getUid()) || PodResourceClaims.isDone(pod)))
                .isPresent();
    }

    /**
     * Writes the reservations that still hold. With the last of them goes the allocation, so that the next pod may get its
     * devices on another node, and then the finalizer that guarded it.
     */
    private void giveUp(ResourceClaim claim, List<ResourceClaimConsumerReference> valid) {
        boolean isGuarded = claim.getMetadata().getFinalizers().contains(FINALIZER);
        boolean deallocates = valid.isEmpty() && isGuarded;
        ResourceClaim now = claim;
        if (valid.size() < PodResourceClaims.reservations(claim).size()
                || (deallocates && PodResourceClaims.isAllocated(claim))) {
            ResourceClaimBuilder builder = new ResourceClaimBuilder(claim)
                    .editOrNewStatus()
                    .withReservedFor(valid)
                    .endStatus();
            if (deallocates) {
                builder.editStatus().withAllocation(null).endStatus();
            }
            now = claimClient.updateStatus(builder.build());
        }
        if (deallocates) {
            claimClient.update(new ResourceClaimBuilder(now)
                    .editMetadata()
                    .removeFromFinalizers(FINALIZER)
                    .endMetadata()
                    .build());
        }
    }
}
