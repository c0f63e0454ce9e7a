package io.mokube.scheduler.plugins;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.framework.ApiObjects;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Outcome;
import io.mokube.scheduler.framework.PreBindPlugin;
import io.mokube.scheduler.framework.ReservePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodClaims.VolumeClaim;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.volumes.ClaimFacts;
import io.mokube.scheduler.volumes.ClaimMatch;
import io.mokube.scheduler.volumes.ClassFacts;
import io.mokube.scheduler.volumes.VolumeFacts;
import io.mokube.scheduler.volumes.VolumePlan;
import io.mokube.scheduler.volumes.VolumePlan.Binding;
import io.mokube.scheduler.volumes.Volumes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets a pod only where its volumes can be used. Claims that wait for their first pod get a volume on the node that is
 * chosen, or have one made for it: the plugin says so in the volume or the claim, and binds the pod once the volume
 * controller has done the rest.
 */
public final class VolumeBindingPlugin implements FilterPlugin, ReservePlugin, PreBindPlugin {

    /** How long a pod's binding waits for its volumes, unless configured otherwise ({@code bindTimeoutSeconds}). */
    public static final Duration DEFAULT_PATIENCE = Duration.ofMinutes(10);

    private static final String NAME = "VolumeBinding";
    private static final String BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";

    private static final Verdict OUT_OF_REACH = unfit("node(s) didn't match PersistentVolume's node affinity");
    private static final Verdict NO_VOLUME = unfit("node(s) didn't find available persistent volumes to bind");
    private static final Verdict NO_ROOM = unfit("node(s) did not have enough free storage");
    private static final Verdict NO_SUCH_VOLUME =
            unfit("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");

    private final Duration patience;

    public VolumeBindingPlugin(Duration patience) {
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
        if (pod.claims().volumes().isEmpty()) {
            return NodeFilter.NONE;
        }
        return switch (needs(pod, snapshot.volumes())) {
            case Needs.Refused(String reason) -> NodeFilter.nowhere(unfit(reason));
            case Needs.Volumes(List<VolumeFacts> bound, boolean missing, List<ClaimFacts> waiting) -> {
                if (missing) {
                    yield node -> NO_SUCH_VOLUME;
                }
                if (waiting.isEmpty()
                        && bound.stream().allMatch(volume -> volume.nodes().isEmpty())) {
                    yield NodeFilter.NONE;
                }
                ClaimMatch match = new ClaimMatch(waiting, snapshot.volumes());
                yield node -> check(node.facts(), bound, waiting.isEmpty() ? null : match);
            }
        };
    }

    private static Verdict check(NodeFacts node, List<VolumeFacts> bound, @Nullable ClaimMatch match) {
        for (int i = 0; i < bound.size(); i++) {
            if (!bound.get(i).reaches(node)) {
                return OUT_OF_REACH;
            }
        }
        if (match == null) {
            return Verdict.FITS;
        }
        return switch (match.on(node)) {
            case ClaimMatch.Answer.Possible possible -> Verdict.FITS;
            case ClaimMatch.Answer.NoVolume noVolume -> NO_VOLUME;
            case ClaimMatch.Answer.NoRoom noRoom -> NO_ROOM;
        };
    }

    /** What a pod needs of storage. */
    private sealed interface Needs {

        /** No node can run the pod now. */
        record Refused(String reason) implements Needs {}

        /**
         * @param bound the volumes it has
         * @param missing whether one that it was promised is gone
         * @param waiting claims that get a volume with the node
         */
        record Volumes(List<VolumeFacts> bound, boolean missing, List<ClaimFacts> waiting) implements Needs {}
    }

    private static Needs needs(PodInfo pod, Volumes volumes) {
        List<VolumeFacts> bound = new ArrayList<>();
        List<ClaimFacts> waiting = new ArrayList<>();
        boolean missing = false;
        boolean unbound = false;
        for (VolumeClaim use : pod.claims().volumes()) {
            ClaimFacts claim = volumes.claim(use.claim());
            Optional<String> refused = refusal(pod, use, claim);
            if (claim == null || refused.isPresent()) {
                return new Needs.Refused(refused.orElse(""));
            }
            if (claim.bound()) {
                VolumeFacts volume = volumes.volume(claim.volumeName());
                if (volume == null) {
                    missing = true;
                } else {
                    bound.add(volume);
                }
                continue;
            }
            ClassFacts storageClass = volumes.classOf(claim);
            if (storageClass != null
                    && storageClass.waitsForPod()
                    && claim.volumeName().isEmpty()) {
                // A pod may name a claim twice.
                if (waiting.stream().noneMatch(each -> each.key().equals(claim.key()))) {
                    waiting.add(claim);
                }
            } else {
                unbound = true;
            }
        }
        return unbound
                ? new Needs.Refused("pod has unbound immediate PersistentVolumeClaims")
                : new Needs.Volumes(bound, missing, waiting);
    }

    /** Why a claim can't be used, in Kubernetes' words. */
    private static Optional<String> refusal(PodInfo pod, VolumeClaim use, @Nullable ClaimFacts claim) {
        String name = use.claim().name();
        if (claim == null) {
            return Optional.of(
                    use.ephemeral()
                            ? "waiting for ephemeral volume controller to create the persistentvolumeclaim \"" + name
                                    + "\""
                            : "persistentvolumeclaim \"" + name + "\" not found");
        }
        if (claim.lost()) {
            return Optional.of("persistentvolumeclaim \"" + name + "\" bound to non-existent persistentvolume \""
                    + claim.volumeName() + "\"");
        }
        if (claim.terminating()) {
            return Optional.of("persistentvolumeclaim \"" + name + "\" is being deleted");
        }
        if (use.ephemeral() && !claim.ownerUid().equals(pod.uid())) {
            return Optional.of("PVC " + claim.key() + " was not created for pod " + pod.key() + " (pod is not owner)");
        }
        return Optional.empty();
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(
                ClusterEvent.NODE_ADDED,
                ClusterEvent.NODE_LABELS_CHANGED,
                ClusterEvent.VOLUME_CLAIM_CHANGED,
                ClusterEvent.VOLUME_CHANGED,
                ClusterEvent.STORAGE_CLASS_CHANGED,
                ClusterEvent.STORAGE_CAPACITY_CHANGED,
                // A pod that does not get where it was assumed gives volumes back that were set aside for it.
                ClusterEvent.ASSIGNED_POD_REMOVED);
    }

    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(ClaimFacts.class)
                .map(claim -> uses(pod, claim))
                .or(() -> change.before(PodInfo.class)
                        .map(gone -> !gone.claims().volumes().isEmpty()))
                .orElse(true);
    }

    /** Whether a pod has a claim; another's is nothing to it. */
    static boolean uses(PodInfo pod, ClaimFacts claim) {
        return pod.claims().volumes().stream().anyMatch(use -> use.claim().equals(claim.key()));
    }

    // ---- setting aside

    @Override
    public Outcome reserve(PodInfo pod, NodeInfo node, Snapshot snapshot, ClusterState state) {
        if (pod.claims().volumes().isEmpty()
                || !(needs(pod, snapshot.volumes()) instanceof Needs.Volumes needed)
                || needed.waiting().isEmpty()) {
            return Outcome.DONE;
        }
        // The same question to the same snapshot has the same answer as when the node was chosen.
        return new ClaimMatch(needed.waiting(), snapshot.volumes()).on(node.facts())
                                instanceof ClaimMatch.Answer.Possible(VolumePlan plan)
                        && state.volumes().reserve(pod.uid(), node.name(), plan)
                ? Outcome.DONE
                : new Outcome.Failed("the pod's volumes changed while it was decided on");
    }

    @Override
    public void unreserve(PodInfo pod, String node, ClusterState state) {
        state.volumes().release(pod.uid());
    }

    // ---- before the pod is bound

    @Override
    public Outcome preBind(PodInfo pod, String node, ClusterState state, ApiObjects objects)
            throws InterruptedException {
        VolumePlan plan = state.volumes().plan(pod.uid());
        if (plan.isEmpty()) {
            return Outcome.DONE;
        }
        Map<ObjectKey, String> written = new HashMap<>();
        try {
            for (Binding binding : plan.bindings()) {
                give(binding, objects, written);
            }
            for (ClaimFacts claim : plan.provisions()) {
                choose(claim, node, objects, written);
            }
        } catch (ApiException | ChangedException e) {
            return new Outcome.Failed("binding volumes: " + e.getMessage());
        }
        Awaited awaited = new Awaited(pod, node, plan, written, state);
        if (!objects.await(awaited, patience)) {
            return new Outcome.Failed("binding volumes: context deadline exceeded");
        }
        if (awaited.progress instanceof Progress.Failed(String reason)) {
            return new Outcome.Failed("binding volumes: " + reason);
        }
        // Everybody can see it now.
        state.volumes().release(pod.uid());
        return Outcome.DONE;
    }

    /** What a plan counts on is not so any more. */
    private static final class ChangedException extends RuntimeException {
        ChangedException(String message) {
            super(message, null, false, false);
        }
    }

    /** Says in a volume which claim it is for. */
    private static void give(Binding binding, ApiObjects objects, Map<ObjectKey, String> written) {
        ObjectKey key = new ObjectKey("", binding.volume().name());
        ClaimFacts claim = binding.claim();
        PersistentVolume volume = objects.get(PersistentVolume.class, key)
                .filter(found ->
                        binding.volume().uid().equals(found.getMetadata().getUid()))
                .orElseThrow(() -> new ChangedException("persistentvolume \"" + key.name() + "\" not found"));
        ObjectReference owner = volume.getSpec().getClaimRef();
        if (owner != null && claim.uid().equals(owner.getUid())) {
            return;
        }
        boolean promised = owner != null
                && claim.key().name().equals(owner.getName())
                && claim.key().namespace().equals(owner.getNamespace())
                && (owner.getUid() == null || owner.getUid().isEmpty());
        if (owner != null && !promised) {
            throw new ChangedException("persistentvolume \"" + key.name() + "\" was given to another claim");
        }
        PersistentVolumeBuilder changed = new PersistentVolumeBuilder(volume)
                .editSpec()
                .withClaimRef(new ObjectReferenceBuilder()
                        .withApiVersion("v1")
                        .withKind("PersistentVolumeClaim")
                        .withNamespace(claim.key().namespace())
                        .withName(claim.key().name())
                        .withUid(claim.uid())
                        .withResourceVersion(claim.resourceVersion())
                        .build())
                .endSpec();
        if (!promised) {
            // The volume controller may take back what an administrator did not ask for.
            changed.editMetadata().addToAnnotations(BOUND_BY_CONTROLLER, "yes").endMetadata();
        }
        written.put(key, objects.update(changed.build()).getMetadata().getResourceVersion());
    }

    /** Says in a claim for which node its volume is to be made. */
    private static void choose(ClaimFacts claim, String node, ApiObjects objects, Map<ObjectKey, String> written) {
        PersistentVolumeClaim found = objects.get(PersistentVolumeClaim.class, claim.key())
                .filter(each -> claim.uid().equals(each.getMetadata().getUid()))
                .orElseThrow(() -> new ChangedException(
                        "persistentvolumeclaim \"" + claim.key().name() + "\" not found"));
        Map<String, String> annotations = found.getMetadata().getAnnotations();
        if (annotations != null && node.equals(annotations.get(ClaimFacts.SELECTED_NODE))) {
            return;
        }
        PersistentVolumeClaim changed = new PersistentVolumeClaimBuilder(found)
                .editMetadata()
                .addToAnnotations(ClaimFacts.SELECTED_NODE, node)
                .endMetadata()
                .build();
        written.put(claim.key(), objects.update(changed).getMetadata().getResourceVersion());
    }

    /** How far the volume controller is. */
    private sealed interface Progress {

        Progress WAITING = new Waiting();

        record Waiting() implements Progress {}

        record Done() implements Progress {}

        record Failed(String reason) implements Progress {}
    }

    /** Waits for the volume controller to be done, or for a reason to wait no longer. */
    private static final class Awaited implements BooleanSupplier {

        private final PodInfo pod;
        private final String node;
        private final VolumePlan plan;
        private final Map<ObjectKey, String> written;
        private final ClusterState state;
        private Progress progress = Progress.WAITING;

        Awaited(PodInfo pod, String node, VolumePlan plan, Map<ObjectKey, String> written, ClusterState state) {
            this.pod = pod;
            this.node = node;
            this.plan = plan;
            this.written = written;
            this.state = state;
        }

        @Override
        public boolean getAsBoolean() {
            progress = state.isPlaced(pod.uid())
                    ? progress(plan, node, state.volumes().seen(), written)
                    : new Progress.Failed("pod does not exist any more");
            return !progress.equals(Progress.WAITING);
        }
    }

    private static Progress progress(VolumePlan plan, String node, Volumes seen, Map<ObjectKey, String> written) {
        for (Binding binding : plan.bindings()) {
            VolumeFacts volume = seen.volume(binding.volume().name());
            ClaimFacts claim = seen.claim(binding.claim().key());
            if (volume == null || claim == null) {
                return new Progress.Failed("failed to check binding: the claim or its volume is gone");
            }
            if (isOlder(volume.resourceVersion(), written.get(new ObjectKey("", volume.name())))) {
                return Progress.WAITING;
            }
            if (volume.claimUid().isEmpty()) {
                return new Progress.Failed("ClaimRef got reset for pv \"" + volume.name() + "\"");
            }
            if (!claim.bound()) {
                return Progress.WAITING;
            }
        }
        for (ClaimFacts asked : plan.provisions()) {
            ClaimFacts claim = seen.claim(asked.key());
            if (claim == null) {
                return new Progress.Failed("failed to check provisioning pvc: the claim is gone");
            }
            if (isOlder(claim.resourceVersion(), written.get(claim.key()))) {
                return Progress.WAITING;
            }
            if (!claim.selectedNode().equals(node)) {
                // This is how provisioners say that they can't.
                return new Progress.Failed(
                        "provisioning failed for PVC \"" + claim.key().name() + "\"");
            }
            if (!claim.bound() || seen.volume(claim.volumeName()) == null) {
                return Progress.WAITING;
            }
        }
        return new Progress.Done();
    }

    /** Whether a version that was seen is from before one that was written. */
    private static boolean isOlder(String seen, @Nullable String written) {
        return written != null
                && (seen.length() == written.length() ? seen.compareTo(written) < 0 : seen.length() < written.length());
    }
}
