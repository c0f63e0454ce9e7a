package io.mokube.scheduler.volumes;

import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.volumes.VolumePlan.Binding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds volumes for claims that wait for their first pod, node by node. What does not depend on the node is worked out
 * once: which volumes suit each claim, the smallest first.
 */
public final class ClaimMatch {

    /** Why a node can't give the claims what they ask for, or how it can. */
    public sealed interface Answer {

        /** It can. */
        record Possible(VolumePlan plan) implements Answer {}

        /** There is no volume for some claim, and none can be made here. */
        record NoVolume() implements Answer {}

        /** A volume could be made here, but there is too little room left. */
        record NoRoom() implements Answer {}
    }

    private static final Answer NO_VOLUME = new Answer.NoVolume();
    private static final Answer NO_ROOM = new Answer.NoRoom();

    /**
     * A claim and what may become of it.
     *
     * @param reserved the volume that is set aside for it already, null for none
     * @param suitable free volumes that suit it, the smallest first; empty when one is to be made
     * @param storageClass null when there is none, so that no volume can be made
     */
    private record Open(
            ClaimFacts claim,
            @Nullable VolumeFacts reserved,
            List<VolumeFacts> suitable,
            @Nullable ClassFacts storageClass) {}

    private final Volumes volumes;
    private final List<Open> open;

    /** Looks at the claims, which are unbound and wait for their first pod. */
    public ClaimMatch(List<ClaimFacts> claims, Volumes volumes) {
        this.volumes = volumes;
        this.open = claims.stream()
                // Small claims choose first, so that they leave big volumes to big claims.
                .sorted(Comparator.comparingLong(ClaimFacts::bytes).thenComparing(claim -> claim.key()
                        .name()))
                .map(this::look)
                .toList();
    }

    private Open look(ClaimFacts claim) {
        ClassFacts storageClass = volumes.classOf(claim);
        String reservedName = volumes.reserved().get(claim.key());
        VolumeFacts reserved = reservedName == null ? null : volumes.volume(reservedName);
        if (reserved != null && reserved.isFor(claim) && reserved.canHold(claim)) {
            return new Open(claim, reserved, List.of(), storageClass);
        }
        if (!claim.selectedNode().isEmpty()) {
            // A volume is being made for it; it must not get another.
            return new Open(claim, null, List.of(), storageClass);
        }
        var ofClass = volumes.unclaimed().get(claim.className());
        List<VolumeFacts> suitable = ofClass == null
                ? List.of()
                : ofClass.values().stream()
                        .filter(volume -> volume.suits(claim))
                        .sorted(Comparator.comparingLong(VolumeFacts::bytes).thenComparing(VolumeFacts::name))
                        .toList();
        return new Open(claim, null, suitable, storageClass);
    }

    /** What the claims would get on a node. */
    public Answer on(NodeFacts node) {
        List<Binding> bindings = new ArrayList<>();
        List<ClaimFacts> provisions = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        boolean room = true;
        for (Open each : open) {
            String selected = each.claim().selectedNode();
            if (!selected.isEmpty() && !selected.equals(node.name())) {
                return NO_VOLUME;
            }
            if (each.reserved() != null) {
                if (!each.reserved().reaches(node)) {
                    return NO_VOLUME;
                }
                bindings.add(new Binding(each.claim(), each.reserved()));
                continue;
            }
            VolumeFacts found = null;
            for (VolumeFacts volume : each.suitable()) {
                if (!taken.contains(volume.name()) && volume.reaches(node)) {
                    found = volume;
                    break;
                }
            }
            if (found != null) {
                taken.add(found.name());
                bindings.add(new Binding(each.claim(), found));
                continue;
            }
            ClassFacts storageClass = each.storageClass();
            if (storageClass == null || !storageClass.provisions() || !storageClass.allows(node.labels())) {
                return NO_VOLUME;
            }
            room &= hasRoom(each.claim(), storageClass, node);
            provisions.add(each.claim());
        }
        return room ? new Answer.Possible(new VolumePlan(bindings, provisions)) : NO_ROOM;
    }

    /** Whether a driver that tells how much room it has has enough; others are trusted to. */
    private boolean hasRoom(ClaimFacts claim, ClassFacts storageClass, NodeFacts node) {
        if (!claim.asksForRoom() || !volumes.capacityDrivers().contains(storageClass.provisioner())) {
            return true;
        }
        return volumes.capacities().values().stream()
                .anyMatch(capacity -> capacity.hasRoom(storageClass.name(), claim.bytes(), node.labels()));
    }
}
