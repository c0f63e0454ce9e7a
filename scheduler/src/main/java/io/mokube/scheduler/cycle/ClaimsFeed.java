package io.mokube.scheduler.cycle;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.rest.ObjectKeys;
import io.mokube.scheduler.devices.DeviceClaimFacts;
import io.mokube.scheduler.devices.DeviceClassFacts;
import io.mokube.scheduler.devices.DeviceLedger;
import io.mokube.scheduler.devices.SliceFacts;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.queue.SchedulingQueue;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.volumes.CapacityFacts;
import io.mokube.scheduler.volumes.ClaimFacts;
import io.mokube.scheduler.volumes.ClassFacts;
import io.mokube.scheduler.volumes.VolumeFacts;
import io.mokube.scheduler.volumes.VolumeLedger;
import io.mokube.scheduler.volumes.Volumes;
import io.mokube.scheduler.volumes.Volumes.Attachment;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Brings what watches tell of storage and devices into their ledgers, and then tells the queue. */
public final class ClaimsFeed {

    private final VolumeLedger ledger;
    private final DeviceLedger devices;
    private final SchedulingQueue queue;

    public ClaimsFeed(ClusterState state, SchedulingQueue queue) {
        this.ledger = state.volumes();
        this.devices = state.devices();
        this.queue = queue;
    }

    /** Takes in everything that pods can have claims on. */
    public void follow(InformerFactory informers) {
        followStorage(informers);
        followDevices(informers);
    }

    private void followDevices(InformerFactory informers) {
        follow(
                optional(informers.informer(ResourceClaim.class)),
                claim -> {
                    // The ledger may know it already, because the scheduler wrote it; who waits for it does not.
                    DeviceClaimFacts now = DeviceClaimFacts.of(claim);
                    DeviceClaimFacts old = devices.put(now);
                    queue.happened(new ClusterChange(ClusterEvent.DEVICE_CLAIM_CHANGED, old, now));
                },
                claim -> {
                    devices.removeClaim(ObjectKeys.of(claim));
                    happened(ClusterEvent.DEVICE_CLAIM_CHANGED);
                });
        follow(
                optional(informers.informer(ResourceSlice.class)),
                slice -> {
                    devices.put(SliceFacts.of(slice));
                    happened(ClusterEvent.DEVICE_SLICE_CHANGED);
                },
                slice -> devices.remove(SliceFacts.of(slice)));
        follow(
                optional(informers.informer(DeviceClass.class)),
                each -> {
                    devices.put(DeviceClassFacts.of(each));
                    happened(ClusterEvent.DEVICE_CLASS_CHANGED);
                },
                each -> devices.removeClass(each.getMetadata().getName()));
    }

    /** Servers need not have devices; to schedule without them is better than to wait for them. */
    private static <T> Informer<T> optional(Informer<T> informer) {
        informer.setOptional();
        return informer;
    }

    private void followStorage(InformerFactory informers) {
        follow(
                informers.informer(PersistentVolumeClaim.class),
                claim -> changed(ClusterEvent.VOLUME_CLAIM_CHANGED, ClaimFacts.of(claim), ledger::put),
                claim -> {
                    ledger.removeClaim(ObjectKeys.of(claim));
                    happened(ClusterEvent.VOLUME_CLAIM_CHANGED);
                });
        follow(
                informers.informer(PersistentVolume.class),
                volume -> changed(ClusterEvent.VOLUME_CHANGED, VolumeFacts.of(volume), ledger::put),
                volume -> {
                    ledger.removeVolume(volume.getMetadata().getName());
                    happened(ClusterEvent.VOLUME_CHANGED);
                });
        follow(
                informers.informer(StorageClass.class),
                each -> changed(ClusterEvent.STORAGE_CLASS_CHANGED, ClassFacts.of(each), ledger::put),
                each -> {
                    ledger.removeClass(each.getMetadata().getName());
                    happened(ClusterEvent.STORAGE_CLASS_CHANGED);
                });
        follow(
                informers.informer(CSIStorageCapacity.class),
                each -> changed(ClusterEvent.STORAGE_CAPACITY_CHANGED, CapacityFacts.of(each), ledger::put),
                each -> {
                    ledger.removeCapacity(ObjectKeys.of(each));
                    happened(ClusterEvent.STORAGE_CAPACITY_CHANGED);
                });
        follow(
                informers.informer(CSIDriver.class),
                each -> putDriver(each, Boolean.TRUE.equals(each.getSpec().getStorageCapacity())),
                each -> putDriver(each, false));
        follow(
                informers.informer(CSINode.class),
                each -> putLimits(each, Volumes.limits(each)),
                each -> putLimits(each, Map.of()));
        follow(
                informers.informer(VolumeAttachment.class),
                each -> {
                    String volume = each.getSpec().getSource().getPersistentVolumeName();
                    if (volume != null) {
                        ledger.putAttachment(
                                each.getMetadata().getName(),
                                each.getSpec().getNodeName(),
                                new Attachment(each.getSpec().getAttacher(), volume));
                    }
                },
                each -> {
                    ledger.removeAttachment(
                            each.getMetadata().getName(), each.getSpec().getNodeName());
                    happened(ClusterEvent.VOLUME_DETACHED);
                });
    }

    private static <T extends HasMetadata> void follow(Informer<T> informer, Consumer<T> put, Consumer<T> remove) {
        informer.setTransform(object -> {
            object.getMetadata().setManagedFields(List.of());
            return object;
        });
        informer.addHandler(new Handler<>() {
            @Override
            public void added(T object) {
                ClusterFeed.guarded(object.getKind(), ObjectKeys.of(object), () -> put.accept(object));
            }

            @Override
            public void updated(T before, T now) {
                added(now);
            }

            @Override
            public void deleted(T last) {
                ClusterFeed.guarded(last.getKind(), ObjectKeys.of(last), () -> remove.accept(last));
            }
        });
    }

    @FunctionalInterface
    private interface Put<F> {
        @Nullable
        F put(F facts);
    }

    private <F> void changed(ClusterEvent event, F facts, Put<F> ledgerPut) {
        F old = ledgerPut.put(facts);
        if (!Objects.equals(old, facts)) {
            queue.happened(new ClusterChange(event, old, facts));
        }
    }

    private void happened(ClusterEvent event) {
        queue.happened(ClusterChange.of(event));
    }

    private void putDriver(CSIDriver driver, boolean tellsCapacity) {
        ledger.putDriver(driver.getMetadata().getName(), tellsCapacity);
        queue.happened(ClusterChange.of(ClusterEvent.STORAGE_CAPACITY_CHANGED));
    }

    private void putLimits(CSINode node, Map<String, Integer> limits) {
        ledger.putLimits(node.getMetadata().getName(), limits);
        queue.happened(ClusterChange.of(ClusterEvent.ATTACH_LIMIT_CHANGED));
    }
}
