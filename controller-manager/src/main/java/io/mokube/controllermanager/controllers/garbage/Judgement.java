package io.mokube.controllermanager.controllers.garbage;

import io.mokube.client.rest.DeleteOptions.Propagation;
import io.mokube.controllermanager.controllers.garbage.Item.Owner;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What is to be done with an object that has owners, given how each of them fares. A pure decision. */
sealed interface Judgement {

    /** How an owner fares, as a live request has shown. */
    enum Fate {
        /** It lives, or is being deleted without minding its dependents. */
        SOLID,
        /** It does not exist, or another object took its name. */
        GONE,
        /** It is being deleted in the foreground, after its dependents. */
        WAITS
    }

    /** The object has an owner to live for, and no reference to drop. */
    record Keep() implements Judgement {}

    /** The object lives on for its other owners; only these references remain. */
    record KeepFor(List<Owner> owners) implements Judgement {}

    /**
     * The object goes.
     *
     * @param unblock first let its owners go before it, because it waits for one of them in turn
     */
    record Delete(Propagation propagation, boolean unblock) implements Judgement {}

    /**
     * Judges an object.
     *
     * @param fates how each of its owners fares
     * @param dependents the objects it owns
     * @param finalizesOrphan it carries the finalizer by which its dependents are to live on
     * @param finalizesForeground it carries the finalizer by which its dependents go first
     */
    static Judgement of(
            Map<Owner, Fate> fates, List<Item> dependents, boolean finalizesOrphan, boolean finalizesForeground) {
        List<Owner> solid = new ArrayList<>();
        boolean waits = false;
        for (Map.Entry<Owner, Fate> entry : fates.entrySet()) {
            switch (entry.getValue()) {
                case SOLID -> solid.add(entry.getKey());
                case WAITS -> waits = true;
                case GONE -> {}
            }
        }
        if (!solid.isEmpty()) {
            return solid.size() == fates.size() ? new Keep() : new KeepFor(solid);
        }
        if (waits && !dependents.isEmpty()) {
            // Its owner goes after it, so its own dependents go before it, too. One that waits already closes a circle.
            boolean circle = dependents.stream().anyMatch(Item::waitsForDependents);
            return new Delete(Propagation.FOREGROUND, circle);
        }
        if (finalizesOrphan) {
            return new Delete(Propagation.ORPHAN, false);
        }
        return new Delete(finalizesForeground ? Propagation.FOREGROUND : Propagation.BACKGROUND, false);
    }
}
