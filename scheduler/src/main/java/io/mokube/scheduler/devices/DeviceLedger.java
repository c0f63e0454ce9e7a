package io.mokube.scheduler.devices;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.devices.DevicePlan.Grant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Devices as watches tell, and on top of it what was decided for pods on their way to a node. Safe for use by many
 * threads.
 */
public final class DeviceLedger {

    private Devices seen = Devices.NONE;
    private Devices view = Devices.NONE;

    private final Map<String, SliceFacts> slices = new HashMap<>();
    private final Map<String, DevicePlan> plans = new HashMap<>();
    private final Map<ObjectKey, Grant> granted = new HashMap<>();

    /** Devices with what is decided, as decisions see them. */
    public synchronized Devices view() {
        return view;
    }

    /** Takes note of a claim, and gives what was known of it. News that are older than what is known are dropped. */
    public synchronized @Nullable DeviceClaimFacts put(DeviceClaimFacts claim) {
        DeviceClaimFacts old = seen.claim(claim.key());
        if (old != null && old.uid().equals(claim.uid()) && isOlder(claim.resourceVersion(), old.resourceVersion())) {
            return old;
        }
        seen = seen.withClaim(claim);
        view = view.withClaim(overlaid(claim));
        return old;
    }

    private static boolean isOlder(String one, String other) {
        return one.length() == other.length() ? one.compareTo(other) < 0 : one.length() < other.length();
    }

    /** Takes note that a claim is gone. */
    public synchronized void removeClaim(ObjectKey key) {
        seen = seen.withoutClaim(key);
        view = view.withoutClaim(key);
    }

    private DeviceClaimFacts overlaid(DeviceClaimFacts claim) {
        Grant grant = granted.get(claim.key());
        return grant == null
                        || claim.allocation().isPresent()
                        || !grant.claim().uid().equals(claim.uid())
                ? claim
                : claim.promised(DeviceClaimFacts.allocation(grant.result()));
    }

    /** Takes note of a part of a pool. */
    public synchronized void put(SliceFacts slice) {
        SliceFacts old = slices.put(slice.name(), slice);
        if (old != null && !old.pool().equals(slice.pool())) {
            seen = seen.withoutSlice(old);
            view = view.withoutSlice(old);
        }
        seen = seen.withSlice(slice);
        view = view.withSlice(slice);
    }

    /** Takes note that a part of a pool is gone. */
    public synchronized void remove(SliceFacts slice) {
        slices.remove(slice.name());
        seen = seen.withoutSlice(slice);
        view = view.withoutSlice(slice);
    }

    /** Takes note of a class. */
    public synchronized void put(DeviceClassFacts deviceClass) {
        Map<String, DeviceClassFacts> classes = new HashMap<>(seen.classes());
        classes.put(deviceClass.name(), deviceClass);
        setClasses(classes);
    }

    /** Takes note that a class is gone. */
    public synchronized void removeClass(String name) {
        Map<String, DeviceClassFacts> classes = new HashMap<>(seen.classes());
        classes.remove(name);
        setClasses(classes);
    }

    private void setClasses(Map<String, DeviceClassFacts> classes) {
        seen = seen.withClasses(classes);
        view = view.withClasses(classes);
    }

    /**
     * Sets aside for a pod the devices that a plan gives its claims.
     *
     * @param basis what the plan was made of
     * @return false, and nothing happens, when something that the plan counts on has changed
     */
    public synchronized boolean reserve(String podUid, DevicePlan plan, Devices basis) {
        // Of what is shared it is not looked up who takes how much: it must simply be as it was.
        boolean asItWas = view.pools().equals(basis.pools())
                && view.taken().equals(basis.taken())
                && view.shared().equals(basis.shared());
        for (Grant grant : plan.grants()) {
            DeviceClaimFacts now = grant.claim().unwritten()
                    ? grant.claim()
                    : view.claim(grant.claim().key());
            if (now == null
                    || !now.uid().equals(grant.claim().uid())
                    || now.allocation().isPresent()
                    || (grant.shares() && !asItWas)
                    || DeviceClaimFacts.allocation(grant.result()).taken().stream()
                            .anyMatch(device -> view.taken().get(device) != null)) {
                return false;
            }
        }
        plans.put(podUid, plan);
        for (Grant grant : plan.grants()) {
            granted.put(grant.claim().key(), grant);
            refresh(grant.claim().key());
        }
        return true;
    }

    /** What is set aside for a pod. */
    public synchronized DevicePlan plan(String podUid) {
        return plans.getOrDefault(podUid, DevicePlan.NOTHING);
    }

    /** Sets nothing aside for a pod any more. */
    public synchronized void release(String podUid) {
        DevicePlan plan = plans.remove(podUid);
        if (plan != null) {
            for (Grant grant : plan.grants()) {
                granted.remove(grant.claim().key());
                refresh(grant.claim().key());
            }
        }
    }

    private void refresh(ObjectKey key) {
        DeviceClaimFacts claim = seen.claim(key);
        Grant grant = granted.get(key);
        if (claim == null && grant != null && grant.claim().unwritten()) {
            claim = grant.claim();
        }
        view = claim == null ? view.withoutClaim(key) : view.withClaim(overlaid(claim));
    }
}
