package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.VolumeAttributesClass;
import io.fabric8.kubernetes.api.model.storage.VolumeAttributesClassBuilder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what is in use from going away: gives every object of a kind a finalizer, and drops it when the object is being
 * deleted and nobody uses it any more.
 */
public final class Protection<T extends HasMetadata> implements Reconciler<ObjectKey> {

    private static final String CLAIM = "kubernetes.io/pvc-protection";
    private static final String VOLUME = "kubernetes.io/pv-protection";
    private static final String ATTRIBUTES_CLASS = "kubernetes.io/vac-protection";

    private final String finalizer;
    private final Store<T> objects;
    private final ResourceClient<T> client;
    private final Predicate<T> isUsed;
    private final BiFunction<T, List<String>, T> withFinalizers;

    private Protection(
            String finalizer,
            Store<T> objects,
            ResourceClient<T> client,
            Predicate<T> isUsed,
            BiFunction<T, List<String>, T> withFinalizers) {
        this.finalizer = finalizer;
        this.objects = objects;
        this.client = client;
        this.isUsed = isUsed;
        this.withFinalizers = withFinalizers;
    }

    /** Claims are used by the pods that name them. */
    public static Controller ofClaims(ControllerContext context) {
        String name = "persistentvolumeclaim-protection-controller";
        Informer<PersistentVolumeClaim> claims = context.informers().informer(PersistentVolumeClaim.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        PodVolumes.index(pods);
        ResourceClient<Pod> podClient = context.client().resource(Pod.class);
        Protection<PersistentVolumeClaim> protection = new Protection<>(
                CLAIM,
                claims.store(),
                context.client().resource(PersistentVolumeClaim.class),
                // A pod may have come that the cache does not show yet, so the server has the last word.
                claim -> PodVolumes.users(pods.store(), Ownership.key(claim)).stream()
                                .anyMatch(pod -> uses(pod, claim))
                        || podClient.list(Ownership.namespace(claim), ListOptions.ALL).items().stream()
                                .anyMatch(pod -> uses(pod, claim)),
                (claim, finalizers) -> new PersistentVolumeClaimBuilder(claim)
                        .editMetadata()
                        .withFinalizers(finalizers)
                        .endMetadata()
                        .build());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(name, 1, protection, context.platform());
        claims.addHandler(Handler.each(claim -> loop.queue().add(Ownership.key(claim))));
        pods.addHandler(Handler.each(pod -> PodVolumes.claims(pod).forEach(loop.queue()::add)));
        return Controller.of(name, List.of(claims, pods), loop);
    }

    /** Volumes are used while they are bound. */
    public static Controller ofVolumes(ControllerContext context) {
        String name = "persistentvolume-protection-controller";
        Informer<PersistentVolume> volumes = context.informers().informer(PersistentVolume.class);
        Protection<PersistentVolume> protection = new Protection<>(
                VOLUME,
                volumes.store(),
                context.client().resource(PersistentVolume.class),
                volume -> Claims.phase(volume).equals("Bound"),
                (volume, finalizers) -> new PersistentVolumeBuilder(volume)
                        .editMetadata()
                        .withFinalizers(finalizers)
                        .endMetadata()
                        .build());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(name, 1, protection, context.platform());
        volumes.addHandler(Handler.each(volume -> loop.queue().add(Ownership.key(volume))));
        return Controller.of(name, List.of(volumes), loop);
    }

    /** Classes of attributes are used by the claims and volumes that name them. */
    public static Controller ofAttributesClasses(ControllerContext context) {
        String name = "volumeattributesclass-protection-controller";
        Informer<VolumeAttributesClass> classes = context.informers().informer(VolumeAttributesClass.class);
        Informer<PersistentVolume> volumes = context.informers().informer(PersistentVolume.class);
        Informer<PersistentVolumeClaim> claims = context.informers().informer(PersistentVolumeClaim.class);
        Protection<VolumeAttributesClass> protection = new Protection<>(
                ATTRIBUTES_CLASS,
                classes.store(),
                context.client().resource(VolumeAttributesClass.class),
                each -> volumes.store().list().stream()
                                .anyMatch(volume -> attributesClasses(volume)
                                        .contains(each.getMetadata().getName()))
                        || claims.store().list().stream()
                                .anyMatch(claim -> attributesClasses(claim)
                                        .contains(each.getMetadata().getName())),
                (each, finalizers) -> new VolumeAttributesClassBuilder(each)
                        .editMetadata()
                        .withFinalizers(finalizers)
                        .endMetadata()
                        .build());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(name, 1, protection, context.platform());
        Consumer<String> add = each -> loop.queue().add(new ObjectKey("", each));
        classes.addHandler(Handler.each(each -> add.accept(each.getMetadata().getName())));
        volumes.addHandler(new Handler<>() {
            @Override
            public void updated(PersistentVolume before, PersistentVolume now) {
                attributesClasses(before).forEach(add);
            }

            @Override
            public void deleted(PersistentVolume last) {
                attributesClasses(last).forEach(add);
            }
        });
        claims.addHandler(new Handler<>() {
            @Override
            public void updated(PersistentVolumeClaim before, PersistentVolumeClaim now) {
                attributesClasses(before).forEach(add);
            }

            @Override
            public void deleted(PersistentVolumeClaim last) {
                attributesClasses(last).forEach(add);
            }
        });
        return Controller.of(name, List.of(classes, volumes, claims), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<T> found = objects.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        T object = found.get();
        List<String> finalizers = new ArrayList<>(object.getMetadata().getFinalizers());
        boolean goes = Ownership.isBeingDeleted(object);
        boolean isProtected = finalizers.contains(finalizer);
        if (goes && isProtected && !isUsed.test(object)) {
            finalizers.remove(finalizer);
        } else if (!goes && !isProtected) {
            finalizers.add(finalizer);
        } else {
            return Outcome.done();
        }
        try {
            client.update(withFinalizers.apply(object, finalizers));
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // the change brings its key back
                throw e;
            }
        }
        return Outcome.done();
    }

    /**
     * Whether a pod keeps a claim from going. One without a node does not: no kubelet starts a pod whose claim is being
     * deleted. A pod's own ephemeral claim goes when the kubelet is done with the pod, though the pod may still be there.
     */
    static boolean uses(Pod pod, PersistentVolumeClaim claim) {
        if (Claims.orEmpty(pod.getSpec().getNodeName()).isEmpty()) {
            return false;
        }
        @Nullable Long grace = pod.getMetadata().getDeletionGracePeriodSeconds();
        boolean isShutDown = Ownership.isBeingDeleted(pod) && grace != null && grace == 0;
        return PodVolumes.volumes(pod).stream()
                .filter(volume -> PodVolumes.claim(pod, volume)
                        .filter(Ownership.key(claim)::equals)
                        .isPresent())
                .anyMatch(volume ->
                        volume.getEphemeral() == null || (!isShutDown && Ownership.isControlledBy(claim, pod)));
    }

    private static List<String> attributesClasses(PersistentVolume volume) {
        @Nullable String name = volume.getSpec().getVolumeAttributesClassName();
        return name == null ? List.of() : List.of(name);
    }

    private static List<String> attributesClasses(PersistentVolumeClaim claim) {
        List<String> names = new ArrayList<>();
        names.add(Claims.orEmpty(claim.getSpec().getVolumeAttributesClassName()));
        if (claim.getStatus() != null) {
            names.add(Claims.orEmpty(claim.getStatus().getCurrentVolumeAttributesClassName()));
            if (claim.getStatus().getModifyVolumeStatus() != null) {
                names.add(
                        Claims.orEmpty(claim.getStatus().getModifyVolumeStatus().getTargetVolumeAttributesClassName()));
            }
        }
        names.removeIf(String::isEmpty);
        return names;
    }
}
