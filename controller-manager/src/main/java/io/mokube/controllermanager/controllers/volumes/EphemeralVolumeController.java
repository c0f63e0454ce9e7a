package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimTemplate;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes the claims of pods' ephemeral volumes. The pod owns them, so the garbage collector removes them with it. */
public final class EphemeralVolumeController implements Reconciler<ObjectKey> {

    private static final String NAME = "ephemeral-volume-controller";

    /** When to look whether what was in the way is gone. */
    private static final Duration AFTER_PROBLEM = Duration.ofSeconds(30);

    private final Store<Pod> pods;
    private final Store<PersistentVolumeClaim> claims;
    private final ResourceClient<PersistentVolumeClaim> client;
    private final EventRecorder events;

    private EphemeralVolumeController(Store<Pod> pods, Store<PersistentVolumeClaim> claims, ControllerContext context) {
        this.pods = pods;
        this.claims = claims;
        this.client = context.client().resource(PersistentVolumeClaim.class);
        this.events = context.recorders().apply("ephemeral_volume");
    }

    public static Controller create(ControllerContext context) {
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Informer<PersistentVolumeClaim> claims = context.informers().informer(PersistentVolumeClaim.class);
        PodVolumes.index(pods);
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(
                NAME, 1, new EphemeralVolumeController(pods.store(), claims.store(), context), context.platform());
        pods.addHandler(Handler.each(pod -> {
            if (PodVolumes.volumes(pod).stream().anyMatch(volume -> volume.getEphemeral() != null)) {
                loop.queue().add(Ownership.key(pod));
            }
        }));
        claims.addHandler(new Handler<>() {
            @Override
            public void deleted(PersistentVolumeClaim last) {
                PodVolumes.users(pods.store(), Ownership.key(last))
                        .forEach(pod -> loop.queue().add(Ownership.key(pod)));
            }
        });
        return Controller.of(NAME, List.of(pods, claims), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Pod> pod = pods.get(key).filter(each -> !Ownership.isBeingDeleted(each));
        if (pod.isEmpty()) {
            return Outcome.done();
        }
        for (Volume volume : PodVolumes.volumes(pod.get())) {
            Optional<String> problem = volume.getEphemeral() == null ? Optional.empty() : ensure(pod.get(), volume);
            if (problem.isPresent()) {
                events.warning(
                        pod.get(), "FailedBinding", "ephemeral volume " + volume.getName() + ": " + problem.get());
                return Outcome.again(AFTER_PROBLEM);
            }
        }
        return Outcome.done();
    }

    /** Makes sure that a volume's claim is there; returns why it can't be. */
    private Optional<String> ensure(Pod pod, Volume volume) {
        ObjectKey key = PodVolumes.ephemeralClaim(pod, volume);
        Optional<PersistentVolumeClaim> present = claims.get(key);
        try {
            if (present.isEmpty()) {
                present = create(pod, volume, key);
            }
        } catch (ApiException e) {
            return Optional.of("create PVC " + key.name() + ": " + e.getMessage());
        }
        return present.filter(claim -> !Ownership.isControlledBy(claim, pod))
                .map(claim -> "PVC " + key + " was not created for pod " + Ownership.key(pod) + " (pod is not owner)");
    }

    /** Creates the claim; returns the one that was there already, which may be this pod's or not. */
    private Optional<PersistentVolumeClaim> create(Pod pod, Volume volume, ObjectKey key) {
        try {
            client.create(claim(pod, volume, key));
            return Optional.empty();
        } catch (ApiException e) {
            if (e.isAlreadyExists()) {
                return client.get(key);
            }
            throw e;
        }
    }

    private static PersistentVolumeClaim claim(Pod pod, Volume volume, ObjectKey key) {
        PersistentVolumeClaimTemplate template = volume.getEphemeral().getVolumeClaimTemplate();
        @Nullable ObjectMeta metadata = template.getMetadata();
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace(key.namespace())
                .withName(key.name())
                .withLabels(metadata == null ? null : metadata.getLabels())
                .withAnnotations(metadata == null ? null : metadata.getAnnotations())
                .withOwnerReferences(Ownership.controllerReference(pod))
                .endMetadata()
                .withSpec(template.getSpec())
                .build();
    }
}
