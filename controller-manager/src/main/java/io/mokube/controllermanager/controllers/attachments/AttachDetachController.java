package io.mokube.controllermanager.controllers.attachments;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
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
import io.mokube.controllermanager.controllers.ownership.Newest;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.PodsOnNode;
import io.mokube.controllermanager.controllers.volumes.Claims;
import io.mokube.controllermanager.controllers.volumes.PodVolumes;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps an attachment for every CSI volume that a node's pods use, removes it when they are gone and the node has unmounted
 * the volume, and tells nodes which volumes are attached. One worker looks at one node at a time, with its own writes laid
 * over the cache, so that a volume which may be attached only once never is twice.
 */
public final class AttachDetachController implements Reconciler<String> {

    private static final String NAME = "persistentvolume-attach-detach-controller";

    private final Store<Node> nodes;
    private final Store<Pod> pods;
    private final Store<PersistentVolumeClaim> claims;
    private final Store<PersistentVolume> volumes;
    private final Store<CSIDriver> drivers;
    private final Newest<VolumeAttachment> attachments;
    private final ResourceClient<VolumeAttachment> attachmentClient;
    private final ResourceClient<Node> nodeClient;
    private final EventRecorder events;
    private final Clock clock;

    /** Since when attachments are wanted by nobody, by node; only the one worker uses it. */
    private final Map<String, Map<String, Long>> unwantedSince = new HashMap<>();

    /** A volume that a node's pods want there. */
    private record Wanted(Attachable volume, List<Pod> pods) {}

    private AttachDetachController(
            Store<Node> nodes,
            Store<Pod> pods,
            Store<PersistentVolumeClaim> claims,
            Store<PersistentVolume> volumes,
            Store<CSIDriver> drivers,
            Informer<VolumeAttachment> attachments,
            ControllerContext context) {
        this.nodes = nodes;
        this.pods = pods;
        this.claims = claims;
        this.volumes = volumes;
        this.drivers = drivers;
        this.attachments = new Newest<>(Newest.Cache.of(attachments));
        this.attachmentClient = context.client().resource(VolumeAttachment.class);
        this.nodeClient = context.client().resource(Node.class);
        this.events = context.recorders().apply("attachdetach-controller");
        this.clock = context.platform().clock();
    }

    public static Controller create(ControllerContext context) {
        Informer<Node> nodes = context.informers().informer(Node.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Informer<PersistentVolumeClaim> claims = context.informers().informer(PersistentVolumeClaim.class);
        Informer<PersistentVolume> volumes = context.informers().informer(PersistentVolume.class);
        Informer<CSIDriver> drivers = context.informers().informer(CSIDriver.class);
        Informer<VolumeAttachment> attachments = context.informers().informer(VolumeAttachment.class);
        PodsOnNode.index(pods);
        PodVolumes.index(pods);
        AttachDetachController controller = new AttachDetachController(
                nodes.store(), pods.store(), claims.store(), volumes.store(), drivers.store(), attachments, context);
        ReconcileLoop<String> loop = new ReconcileLoop<>(NAME, 1, controller, context.platform());
        WorkQueue<String> queue = loop.queue();
        nodes.addHandler(Handler.each(node -> queue.add(node.getMetadata().getName())));
        pods.addHandler(Handler.each(pod -> {
            if (!PodVolumes.claims(pod).isEmpty()) {
                PodsOnNode.nodeOf(pod).ifPresent(queue::add);
            }
        }));
        claims.addHandler(Handler.each(claim -> controller.addUsers(Ownership.key(claim), queue)));
        volumes.addHandler(
                Handler.each(volume -> Claims.claimOf(volume).ifPresent(claim -> controller.addUsers(claim, queue))));
        drivers.addHandler(Handler.each(driver -> nodes.store()
                .list()
                .forEach(node -> queue.add(node.getMetadata().getName()))));
        attachments.addHandler(Handler.each(attachment -> {
            queue.add(attachment.getSpec().getNodeName());
            controller
                    .volumeOf(attachment)
                    .flatMap(Claims::claimOf)
                    .ifPresent(claim -> controller.addUsers(claim, queue)); // they may be waiting for it elsewhere
        }));
        return Controller.of(NAME, List.of(nodes, pods, claims, volumes, drivers, attachments), loop);
    }

    /** Adds the nodes of the pods that use a claim. */
    private void addUsers(ObjectKey claim, WorkQueue<String> queue) {
        PodVolumes.users(pods, claim).forEach(pod -> PodsOnNode.nodeOf(pod).ifPresent(queue::add));
    }

    @Override
    public Outcome reconcile(String name) {
        attachments.settle(attachmentClient::get);
        Optional<Node> node = nodes.get(new ObjectKey("", name));
        if (node.filter(each -> !NodePlan.isManaged(each)).isPresent()) {
            return Outcome.done();
        }
        Map<String, Wanted> wanted = wanted(name);
        NodePlan plan = NodePlan.of(
                name,
                node,
                wanted.values().stream().map(Wanted::volume).toList(),
                attachments.list(),
                attachment -> volumeOf(attachment).flatMap(Attachable::of),
                unwantedSince.getOrDefault(name, Map.of()),
                clock.nanoTime());
        if (plan.unwantedSince().isEmpty()) {
            unwantedSince.remove(name);
        } else {
            unwantedSince.put(name, plan.unwantedSince());
        }
        try {
            // Before a volume is detached its node must know that it may not be mounted any more.
            node.ifPresent(each -> report(each, plan.reported(), wanted));
            for (VolumeAttachment attachment : plan.detach()) {
                attachmentClient.delete(
                        Ownership.key(attachment),
                        DeleteOptions.DEFAULT.withUid(attachment.getMetadata().getUid()));
            }
            for (Attachable volume : plan.attach()) {
                attach(volume, name);
            }
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // the change brings its key back
                throw e;
            }
        }
        plan.blocked().forEach(volume -> tellBlocked(volume, name, wanted));
        tellFailures(name, wanted);
        return plan.nextLook().map(Outcome::again).orElseGet(Outcome::done);
    }

    /** The volumes that a node's pods want there, by their unique names. */
    private Map<String, Wanted> wanted(String node) {
        Map<String, Wanted> wanted = new HashMap<>();
        for (Pod pod : PodsOnNode.of(pods, node)) {
            if (!needsItsVolumes(pod)) {
                continue;
            }
            for (Volume volume : PodVolumes.volumes(pod)) {
                attachable(pod, volume)
                        .ifPresent(each -> wanted.computeIfAbsent(
                                        each.uniqueName(), any -> new Wanted(each, new ArrayList<>()))
                                .pods()
                                .add(pod));
            }
        }
        return wanted;
    }

    /** Whether any container of the pod runs or may still run. */
    static boolean needsItsVolumes(Pod pod) {
        if (PodFacts.isFinished(pod)) {
            return false;
        }
        if (!Ownership.isBeingDeleted(pod)) {
            return true;
        }
        @Nullable
        List<ContainerStatus> statuses =
                pod.getStatus() == null ? null : pod.getStatus().getContainerStatuses();
        return statuses != null
                && statuses.stream()
                        .anyMatch(each -> each.getState() == null
                                || (each.getState().getTerminated() == null
                                        && each.getState().getWaiting() == null));
    }

    /** The CSI volume behind a pod's volume, when its driver has to attach it. */
    private Optional<Attachable> attachable(Pod pod, Volume volume) {
        return PodVolumes.claim(pod, volume)
                .flatMap(claims::get)
                .filter(claim -> volume.getEphemeral() == null || Ownership.isControlledBy(claim, pod))
                .filter(claim -> Claims.phase(claim).equals("Bound"))
                .flatMap(claim -> volumes.get(new ObjectKey("", Claims.volumeName(claim)))
                        .filter(each -> Claims.isFor(each, claim)))
                .flatMap(Attachable::of)
                .filter(each -> attaches(each.driver()));
    }

    private boolean attaches(String driver) {
        return drivers.get(new ObjectKey("", driver))
                .map(each -> each.getSpec().getAttachRequired())
                .filter(Boolean.FALSE::equals)
                .isEmpty();
    }

    private Optional<PersistentVolume> volumeOf(VolumeAttachment attachment) {
        @Nullable String volume = attachment.getSpec().getSource().getPersistentVolumeName();
        return volume == null ? Optional.empty() : volumes.get(new ObjectKey("", volume));
    }

    private void attach(Attachable volume, String node) {
        VolumeAttachment attachment = volume.attachment(node);
        try {
            attachments.write(attachment, () -> attachmentClient.create(attachment));
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) { // the cache will show it; one that is being deleted is waited for
                throw e;
            }
        }
    }

    /** Writes what is attached into the node's status, and tells the pods of volumes that are new there. */
    private void report(Node node, SortedSet<String> reported, Map<String, Wanted> wanted) {
        SortedSet<String> before = NodePlan.reportedBy(node);
        if (before.equals(reported)) {
            return;
        }
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ArrayNode attached = patch.putObject("status").putArray("volumesAttached");
        reported.forEach(name -> attached.addObject().put("name", name).put("devicePath", ""));
        nodeClient.patch(Ownership.key(node), PatchKind.MERGE, patch, "status");
        Set<String> added = new HashSet<>(reported);
        added.removeAll(before);
        for (String name : added) {
            Wanted use = wanted.get(name);
            if (use != null) {
                use.pods()
                        .forEach(pod -> events.normal(
                                pod,
                                "SuccessfulAttachVolume",
                                "AttachVolume.Attach succeeded for volume \""
                                        + use.volume().volume() + "\" "));
            }
        }
    }

    private void tellBlocked(Attachable volume, String node, Map<String, Wanted> wanted) {
        Wanted use = wanted.get(volume.uniqueName());
        if (use == null) {
            return;
        }
        for (Pod pod : use.pods()) {
            List<Pod> others = PodVolumes.claims(pod).stream()
                    .filter(claim -> claims.get(claim)
                            .filter(each -> Claims.volumeName(each).equals(volume.volume()))
                            .isPresent())
                    .flatMap(claim -> PodVolumes.users(pods, claim).stream())
                    .filter(other -> PodsOnNode.nodeOf(other)
                            .filter(each -> !each.equals(node))
                            .isPresent())
                    .toList();
            String reason = others.isEmpty()
                    ? "Volume is already exclusively attached to one node and can't be attached to another"
                    : "Volume is already used by pod(s) "
                            + String.join(
                                    ", ",
                                    others.stream()
                                            .map(each -> each.getMetadata().getName())
                                            .sorted()
                                            .toList());
            events.warning(
                    pod, "FailedAttachVolume", "Multi-Attach error for volume \"" + volume.volume() + "\" " + reason);
        }
    }

    private void tellFailures(String node, Map<String, Wanted> wanted) {
        for (Wanted use : wanted.values()) {
            attachments
                    .get(new ObjectKey("", use.volume().attachmentName(node)))
                    .filter(each -> !NodePlan.isAttached(each)
                            && each.getStatus() != null
                            && each.getStatus().getAttachError() != null)
                    .map(each -> each.getStatus().getAttachError().getMessage())
                    .ifPresent(message -> use.pods()
                            .forEach(pod -> events.warning(
                                    pod,
                                    "FailedAttachVolume",
                                    "AttachVolume.Attach failed for volume \""
                                            + use.volume().volume() + "\" : " + message)));
        }
    }
}
