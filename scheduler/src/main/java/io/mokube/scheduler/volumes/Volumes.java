package io.mokube.scheduler.volumes;

import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSINodeDriver;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.snapshot.ShardedMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's storage at one moment, with what the scheduler has decided and others have not seen yet. Immutable.
 *
 * @param volumes by name
 * @param unclaimed the volumes that are for no claim, by class and name
 * @param reserved the names of volumes that say which claim they are for, by that claim
 * @param capacities in the order of their keys
 * @param capacityDrivers the drivers that say how much room they have
 * @param attachLimits how many volumes of each driver a node may attach, by the node's name
 * @param attached what is attached to a node, or about to be, whoever uses it, by the node's name and the attachment's
 */
public record Volumes(
        ShardedMap<ObjectKey, ClaimFacts> claims,
        ShardedMap<String, VolumeFacts> volumes,
        ShardedMap<String, ShardedMap<String, VolumeFacts>> unclaimed,
        ShardedMap<ObjectKey, String> reserved,
        Map<String, ClassFacts> classes,
        Map<ObjectKey, CapacityFacts> capacities,
        Set<String> capacityDrivers,
        ShardedMap<String, Map<String, Integer>> attachLimits,
        ShardedMap<String, Map<String, Attachment>> attached) {

    /** A volume, by its name, that a driver attaches to a node. */
    public record Attachment(String driver, String volume) {}

    public static final Volumes NONE = new Volumes(
            ShardedMap.empty(),
            ShardedMap.empty(),
            ShardedMap.empty(),
            ShardedMap.empty(),
            Map.of(),
            Map.of(),
            Set.of(),
            ShardedMap.empty(),
            ShardedMap.empty());

    public Volumes {
        classes = Map.copyOf(classes);
        capacities = Map.copyOf(capacities);
        capacityDrivers = Set.copyOf(capacityDrivers);
    }

    public @Nullable ClaimFacts claim(ObjectKey key) {
        return claims.get(key);
    }

    public @Nullable VolumeFacts volume(String name) {
        return volumes.get(name);
    }

    /** The class of a claim, null when there is no such class or the claim names none. */
    public @Nullable ClassFacts classOf(ClaimFacts claim) {
        return claim.className().isEmpty() ? null : classes.get(claim.className());
    }

    /** How many volumes of a driver a node may attach; {@code Integer.MAX_VALUE} when nobody limits it. */
    public int attachLimit(String node, String driver) {
        Map<String, Integer> limits = attachLimits.get(node);
        return limits == null ? Integer.MAX_VALUE : limits.getOrDefault(driver, Integer.MAX_VALUE);
    }

    /** The limits that a CSINode states. */
    public static Map<String, Integer> limits(CSINode node) {
        Map<String, Integer> limits = new HashMap<>();
        for (CSINodeDriver driver : node.getSpec().getDrivers()) {
            if (driver.getAllocatable() != null && driver.getAllocatable().getCount() != null) {
                limits.put(driver.getName(), driver.getAllocatable().getCount());
            }
        }
        return Map.copyOf(limits);
    }

    public Volumes withClaim(ClaimFacts claim) {
        return withClaims(claims.with(claim.key(), claim));
    }

    public Volumes withoutClaim(ObjectKey key) {
        return withClaims(claims.without(key));
    }

    private Volumes withClaims(ShardedMap<ObjectKey, ClaimFacts> changed) {
        return new Volumes(
                changed, volumes, unclaimed, reserved, classes, capacities, capacityDrivers, attachLimits, attached);
    }

    public Volumes withVolume(VolumeFacts volume) {
        Volumes clean = withoutVolume(volume.name());
        ShardedMap<String, ShardedMap<String, VolumeFacts>> free = clean.unclaimed;
        ShardedMap<ObjectKey, String> taken = clean.reserved;
        if (volume.claim().isPresent()) {
            taken = taken.with(volume.claim().get(), volume.name());
        } else {
            ShardedMap<String, VolumeFacts> ofClass = free.get(volume.className());
            free = free.with(
                    volume.className(),
                    (ofClass == null ? ShardedMap.<String, VolumeFacts>empty() : ofClass).with(volume.name(), volume));
        }
        return clean.withVolumes(clean.volumes.with(volume.name(), volume), free, taken);
    }

    public Volumes withoutVolume(String name) {
        VolumeFacts old = volumes.get(name);
        if (old == null) {
            return this;
        }
        ShardedMap<String, ShardedMap<String, VolumeFacts>> free = unclaimed;
        ShardedMap<ObjectKey, String> taken = reserved;
        if (old.claim().isPresent()) {
            if (name.equals(taken.get(old.claim().get()))) {
                taken = taken.without(old.claim().get());
            }
        } else {
            ShardedMap<String, VolumeFacts> ofClass = free.get(old.className());
            if (ofClass != null) {
                ShardedMap<String, VolumeFacts> rest = ofClass.without(name);
                free = rest.isEmpty() ? free.without(old.className()) : free.with(old.className(), rest);
            }
        }
        return withVolumes(volumes.without(name), free, taken);
    }

    private Volumes withVolumes(
            ShardedMap<String, VolumeFacts> changed,
            ShardedMap<String, ShardedMap<String, VolumeFacts>> free,
            ShardedMap<ObjectKey, String> taken) {
        return new Volumes(claims, changed, free, taken, classes, capacities, capacityDrivers, attachLimits, attached);
    }

    public Volumes withClasses(Map<String, ClassFacts> changed) {
        return new Volumes(
                claims, volumes, unclaimed, reserved, changed, capacities, capacityDrivers, attachLimits, attached);
    }

    public Volumes withCapacities(Map<ObjectKey, CapacityFacts> changed) {
        return new Volumes(
                claims, volumes, unclaimed, reserved, classes, changed, capacityDrivers, attachLimits, attached);
    }

    public Volumes withCapacityDrivers(Set<String> changed) {
        return new Volumes(claims, volumes, unclaimed, reserved, classes, capacities, changed, attachLimits, attached);
    }

    public Volumes withAttachLimits(ShardedMap<String, Map<String, Integer>> changed) {
        return new Volumes(
                claims, volumes, unclaimed, reserved, classes, capacities, capacityDrivers, changed, attached);
    }

    /** The volumes that VolumeAttachments attach to a node, by the attachments' names. */
    public Map<String, Attachment> attachedTo(String node) {
        Map<String, Attachment> there = attached.get(node);
        return there == null ? Map.of() : there;
    }

    public Volumes withAttached(String node, Map<String, Attachment> there) {
        return new Volumes(
                claims,
                volumes,
                unclaimed,
                reserved,
                classes,
                capacities,
                capacityDrivers,
                attachLimits,
                there.isEmpty() ? attached.without(node) : attached.with(node, Map.copyOf(there)));
    }
}
