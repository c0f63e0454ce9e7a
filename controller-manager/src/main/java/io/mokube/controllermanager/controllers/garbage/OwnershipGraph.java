package io.mokube.controllermanager.controllers.garbage;

import io.mokube.controllermanager.controllers.garbage.Item.Owner;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All objects by UID with the edges from owners to dependents, as far as informers have seen them. Each change says which
 * objects must be looked at because of it. Safe for use by many threads.
 */
final class OwnershipGraph {

    private final Map<String, Item> items = new HashMap<>();
    private final Map<String, Set<String>> dependents = new HashMap<>();

    /**
     * An object appeared or changed.
     *
     * @return the UIDs to look at
     */
    synchronized Set<String> put(Item item) {
        Item before = items.put(item.uid(), item);
        Set<String> affected = new LinkedHashSet<>();
        List<Owner> ownersBefore = before == null ? List.of() : before.owners();
        if (!item.owners().equals(ownersBefore)) {
            unlink(item.uid(), ownersBefore);
            link(item);
            affected.add(item.uid());
            // An owner that waits for this one may wait no longer.
            ownersBefore.forEach(owner -> addIfWaiting(owner.uid(), affected));
            item.owners().forEach(owner -> addIfWaiting(owner.uid(), affected));
        }
        boolean waitsAnew = item.waitsForDependents() && (before == null || !before.waitsForDependents());
        boolean orphansAnew = item.orphansDependents() && (before == null || !before.orphansDependents());
        if (waitsAnew || orphansAnew) {
            affected.add(item.uid());
        }
        return affected;
    }

    /**
     * An object is gone.
     *
     * @return the UIDs to look at
     */
    synchronized Set<String> remove(String uid) {
        Item gone = items.remove(uid);
        Set<String> affected = new LinkedHashSet<>(dependents.getOrDefault(uid, Set.of()));
        if (gone != null) {
            unlink(uid, gone.owners());
            gone.owners().forEach(owner -> addIfWaiting(owner.uid(), affected));
        }
        return affected;
    }

    synchronized Optional<Item> get(String uid) {
        return Optional.ofNullable(items.get(uid));
    }

    /** The objects that name this one as their owner. */
    synchronized List<Item> dependents(String uid) {
        List<Item> found = new ArrayList<>();
        for (String dependent : dependents.getOrDefault(uid, Set.of())) {
            Item item = items.get(dependent);
            if (item != null) {
                found.add(item);
            }
        }
        return found;
    }

    /** All objects. */
    synchronized List<Item> all() {
        return List.copyOf(items.values());
    }

    private void link(Item item) {
        for (Owner owner : item.owners()) {
            dependents.computeIfAbsent(owner.uid(), any -> new HashSet<>(2)).add(item.uid());
        }
    }

    private void unlink(String uid, List<Owner> owners) {
        for (Owner owner : owners) {
            Set<String> ofOwner = dependents.get(owner.uid());
            if (ofOwner != null && ofOwner.remove(uid) && ofOwner.isEmpty()) {
                dependents.remove(owner.uid());
            }
        }
    }

    private void addIfWaiting(String ownerUid, Set<String> affected) {
        Item owner = items.get(ownerUid);
        if (owner != null && owner.waitsForDependents()) {
            affected.add(ownerUid);
        }
    }
}
