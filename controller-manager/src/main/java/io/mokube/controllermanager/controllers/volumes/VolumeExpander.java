package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatus;
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
import io.mokube.machinery.quantity.Quantity;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes the volumes of bound claims as large as the claims ask for. A folder of the host has no size of its own, so there
 * only the numbers grow; everything else is left to the driver's own controller, and the claim says so.
 */
public final class VolumeExpander implements Reconciler<ObjectKey> {

    private static final String NAME = "persistentvolume-expander-controller";

    private final Store<PersistentVolumeClaim> claims;
    private final Store<PersistentVolume> volumes;
    private final ResourceClient<PersistentVolumeClaim> claimClient;
    private final ResourceClient<PersistentVolume> volumeClient;
    private final Optional<HostPathVolumes> hostPaths;
    private final EventRecorder events;

    private VolumeExpander(
            Store<PersistentVolumeClaim> claims, Store<PersistentVolume> volumes, ControllerContext context) {
        this.claims = claims;
        this.volumes = volumes;
        this.claimClient = context.client().resource(PersistentVolumeClaim.class);
        this.volumeClient = context.client().resource(PersistentVolume.class);
        this.hostPaths = context.config().hostPathVolumes().map(HostPathVolumes::new);
        this.events = context.recorders().apply("volume_expand");
    }

    public static Controller create(ControllerContext context) {
        Informer<PersistentVolumeClaim> claims = context.informers().informer(PersistentVolumeClaim.class);
        Informer<PersistentVolume> volumes = context.informers().informer(PersistentVolume.class);
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(
                NAME, 1, new VolumeExpander(claims.store(), volumes.store(), context), context.platform());
        claims.addHandler(new Handler<>() {
            @Override
            public void added(PersistentVolumeClaim claim) {
                if (wantsMore(claim)) {
                    loop.queue().add(Ownership.key(claim));
                }
            }

            @Override
            public void updated(PersistentVolumeClaim before, PersistentVolumeClaim now) {
                // The event is told once for a size, not at every change while somebody else makes the volume grow.
                if (!Claims.request(before).equals(Claims.request(now)) || !wantsMore(before)) {
                    added(now);
                }
            }
        });
        volumes.addHandler(Handler.each(volume -> Claims.claimOf(volume)
                .filter(claim -> claims.store()
                        .get(claim)
                        .filter(VolumeExpander::wantsMore)
                        .isPresent())
                .filter(claim -> HostPathVolumes.PROVISIONER.equals(
                        Ownership.annotations(volume).get(Claims.PROVISIONED_BY)))
                .ifPresent(loop.queue()::add)));
        return Controller.of(NAME, List.of(claims, volumes), loop);
    }

    /** Whether a bound claim asks for more than it has. */
    static boolean wantsMore(PersistentVolumeClaim claim) {
        @Nullable PersistentVolumeClaimStatus status = claim.getStatus();
        return Claims.phase(claim).equals("Bound")
                && status != null
                && Claims.request(claim).compareTo(Claims.storage(status.getCapacity())) > 0;
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<PersistentVolumeClaim> found = claims.get(key).filter(VolumeExpander::wantsMore);
        Optional<PersistentVolume> volume = found.flatMap(
                        claim -> volumes.get(new ObjectKey("", Claims.volumeName(claim))))
                .filter(each -> Claims.isFor(each, found.get()));
        if (volume.isEmpty()) {
            return Outcome.done();
        }
        PersistentVolumeClaim claim = found.get();
        if (hostPaths.filter(each -> each.holds(volume.get())).isEmpty()) {
            events.normal(claim, "ExternalExpanding", "waiting for an external controller to expand this PVC");
            return Outcome.done();
        }
        try {
            grow(claim, volume.get());
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // the change brings its key back
                throw e;
            }
        }
        return Outcome.done();
    }

    /** The volume first: a claim must never say that it has more than its volume. */
    private void grow(PersistentVolumeClaim claim, PersistentVolume volume) {
        Quantity wanted = Claims.request(claim);
        io.fabric8.kubernetes.api.model.Quantity size =
                claim.getSpec().getResources().getRequests().get("storage");
        if (Claims.capacity(volume).compareTo(wanted) < 0) {
            volumeClient.update(new PersistentVolumeBuilder(volume)
                    .editSpec()
                    .addToCapacity("storage", size)
                    .endSpec()
                    .build());
            return; // the change brings the claim's key back
        }
        claimClient.updateStatus(new PersistentVolumeClaimBuilder(claim)
                .editStatus()
                .addToCapacity("storage", size)
                .endStatus()
                .build());
    }
}
