package io.mokube.scheduler.volumes;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.snapshot.ShardedMap;
import io.mokube.scheduler.volumes.VolumePlan.Binding;
import io.mokube.scheduler.volumes.Volumes.Attachment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Storage as watches tell, and on top of it what was set aside for pods on their way to a node: volumes that a claim is
 * to get, and nodes for which a volume is to be made. Safe for use by many threads.
 */
public final class VolumeLedger {

    /** What watches told. */
    private Volumes seen = Volumes.NONE;
    /** The same, with what is set aside. */
    private Volumes view = Volumes.NONE;

    private final Map<String, VolumePlan> plans = new HashMap<>();
    /** What is set aside of volumes, by name: the claim that gets it. */
    private final Map<String, ClaimFacts> given = new HashMap<>();
    /** What is set aside of claims: the node chosen. */
    private final Map<ObjectKey, String> selected = new HashMap<>();

    /** Storage with what is set aside, as decisions see it. */
    public synchronized Volumes view() {
        return view;
    }

    /** Storage as watches told, nothing set aside. */
    public synchronized Volumes seen() {
        return seen;
    }

    /** Takes note of a claim, and gives what was known of it. */
    public synchronized @Nullable ClaimFacts put(ClaimFacts claim) {
        ClaimFacts old = seen.claim(claim.key());
        seen = seen.withClaim(claim);
        view = view.withClaim(overlaid(claim));
        return old;
    }

    /** Takes note that a claim is gone. */
    public synchronized void removeClaim(ObjectKey key) {
        seen = seen.withoutClaim(key);
        view = view.withoutClaim(key);
    }

    /** Takes note of a volume, and gives what was known of it. */
    public synchronized @Nullable VolumeFacts put(VolumeFacts volume) {
        VolumeFacts old = seen.volume(volume.name());
        seen = seen.withVolume(volume);
        view = view.withVolume(overlaid(volume));
        return old;
    }

    /** Takes note that a volume is gone. */
    public synchronized void removeVolume(String name) {
        seen = seen.withoutVolume(name);
        view = view.withoutVolume(name);
    }

    private ClaimFacts overlaid(ClaimFacts claim) {
        String node = selected.get(claim.key());
        return node == null ? claim : claim.selecting(node);
    }

    private VolumeFacts overlaid(VolumeFacts volume) {
        ClaimFacts owner = given.get(volume.name());
        return owner == null || volume.claim().isPresent() ? volume : volume.givenTo(owner);
    }

    /** Takes note of a class, and gives what was known of it. */
    public synchronized @Nullable ClassFacts put(ClassFacts storageClass) {
        Map<String, ClassFacts> classes = new HashMap<>(seen.classes());
        ClassFacts old = classes.put(storageClass.name(), storageClass);
        seen = seen.withClasses(classes);
        view = view.withClasses(classes);
        return old;
    }

    /** Takes note that a class is gone. */
    public synchronized void removeClass(String name) {
        Map<String, ClassFacts> classes = new HashMap<>(seen.classes());
        classes.remove(name);
        seen = seen.withClasses(classes);
        view = view.withClasses(classes);
    }

    /** Takes note of a driver's room, and gives what was known of it. */
    public synchronized @Nullable CapacityFacts put(CapacityFacts capacity) {
        Map<ObjectKey, CapacityFacts> capacities = new HashMap<>(seen.capacities());
        CapacityFacts old = capacities.put(capacity.key(), capacity);
        seen = seen.withCapacities(capacities);
        view = view.withCapacities(capacities);
        return old;
    }

    /** Takes note that a driver's room is no longer known. */
    public synchronized void removeCapacity(ObjectKey key) {
        Map<ObjectKey, CapacityFacts> capacities = new HashMap<>(seen.capacities());
        capacities.remove(key);
        seen = seen.withCapacities(capacities);
        view = view.withCapacities(capacities);
    }

    /** Takes note whether a driver tells how much room it has. */
    public synchronized void putDriver(String name, boolean tellsCapacity) {
        Set<String> drivers = new HashSet<>(seen.capacityDrivers());
        if (tellsCapacity ? drivers.add(name) : drivers.remove(name)) {
            seen = seen.withCapacityDrivers(drivers);
            view = view.withCapacityDrivers(drivers);
        }
    }

    /** Takes note of how many volumes of each driver a node may attach. */
    public synchronized void putLimits(String node, Map<String, Integer> limits) {
        if (limits.isEmpty()) {
            removeLimits(node);
        } else if (!limits.equals(seen.attachLimits().get(node))) {
            setLimits(seen.attachLimits().with(node, limits));
        }
    }

    /** Takes note that nothing limits a node any more. */
    public synchronized void removeLimits(String node) {
        setLimits(seen.attachLimits().without(node));
    }

    private void setLimits(ShardedMap<String, Map<String, Integer>> limits) {
        seen = seen.withAttachLimits(limits);
        view = view.withAttachLimits(limits);
    }

    /** Takes note of a volume that is attached to a node, or about to be. */
    public synchronized void putAttachment(String name, String node, Attachment attachment) {
        Map<String, Attachment> there = new HashMap<>(seen.attachedTo(node));
        there.put(name, attachment);
        setAttached(node, there);
    }

    /** Takes note that an attachment is gone. */
    public synchronized void removeAttachment(String name, String node) {
        Map<String, Attachment> there = new HashMap<>(seen.attachedTo(node));
        there.remove(name);
        setAttached(node, there);
    }

    private void setAttached(String node, Map<String, Attachment> there) {
        seen = seen.withAttached(node, there);
        view = view.withAttached(node, there);
    }

    /**
     * Sets aside for a pod what a plan needs.
     *
     * @return false, and nothing happens, when something that the plan counts on has changed
     */
    public synchronized boolean reserve(String podUid, String node, VolumePlan plan) {
        for (Binding binding : plan.bindings()) {
            VolumeFacts now = view.volume(binding.volume().name());
            boolean free =
                    now != null && (now.claim().isEmpty() ? now.suits(binding.claim()) : now.isFor(binding.claim()));
            if (!free || isTakenOrGone(binding.claim(), node)) {
                return false;
            }
        }
        for (ClaimFacts claim : plan.provisions()) {
            if (isTakenOrGone(claim, node)) {
                return false;
            }
        }
        plans.put(podUid, plan);
        for (Binding binding : plan.bindings()) {
            given.put(binding.volume().name(), binding.claim());
            refreshVolume(binding.volume().name());
        }
        for (ClaimFacts claim : plan.provisions()) {
            selected.put(claim.key(), node);
            refreshClaim(claim.key());
        }
        return true;
    }

    /** Whether a claim is not there any more, or was given a volume or another node meanwhile. */
    private boolean isTakenOrGone(ClaimFacts claim, String node) {
        ClaimFacts now = view.claim(claim.key());
        return now == null
                || !now.uid().equals(claim.uid())
                || now.bound()
                || !(now.selectedNode().isEmpty() || now.selectedNode().equals(node));
    }

    /** What is set aside for a pod. */
    public synchronized VolumePlan plan(String podUid) {
        return plans.getOrDefault(podUid, VolumePlan.NOTHING);
    }

    /** Sets nothing aside for a pod any more: it does not get there, or everybody can see what it got. */
    public synchronized void release(String podUid) {
        VolumePlan plan = plans.remove(podUid);
        if (plan == null) {
            return;
        }
        for (Binding binding : plan.bindings()) {
            if (isNeeded(binding)) {
                continue;
            }
            given.remove(binding.volume().name());
            refreshVolume(binding.volume().name());
        }
        for (ClaimFacts claim : plan.provisions()) {
            if (plans.values().stream()
                    .anyMatch(other -> other.provisions().stream()
                            .anyMatch(each -> each.key().equals(claim.key())))) {
                continue;
            }
            selected.remove(claim.key());
            refreshClaim(claim.key());
        }
    }

    /** Whether another pod, with the same claim, counts on the volume too. */
    private boolean isNeeded(Binding binding) {
        return plans.values().stream()
                .anyMatch(other -> other.bindings().stream()
                        .anyMatch(each ->
                                each.volume().name().equals(binding.volume().name())));
    }

    private void refreshVolume(String name) {
        VolumeFacts volume = seen.volume(name);
        view = volume == null ? view.withoutVolume(name) : view.withVolume(overlaid(volume));
    }

    private void refreshClaim(ObjectKey key) {
        ClaimFacts claim = seen.claim(key);
        view = claim == null ? view.withoutClaim(key) : view.withClaim(overlaid(claim));
    }
}
