package io.mokube.scheduler.volumes;

import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.volumes.VolumePlan.Binding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
     * @param suitable free volumes that suit it
     * @param storageClass null when there is none, so that no volume can be made
     */
    private record Open(
            ClaimFacts claim,
            @Nullable VolumeFacts reserved,
            Suitable suitable,
            @Nullable ClassFacts storageClass) {}

    private static final Comparator<VolumeFacts> SMALLEST =
            Comparator.comparingLong(VolumeFacts::bytes).thenComparing(VolumeFacts::name);

    /**
     * Volumes, the smallest first.
     *
     * @param anywhere those that do not say which nodes alone can use them
     * @param byHost the others, by the hostname of each such node: so that a node is not asked about other nodes' disks
     */
    private record Suitable(List<VolumeFacts> anywhere, Map<String, List<VolumeFacts>> byHost) {

        static final Suitable NONE = new Suitable(List.of(), Map.of());

        static Suitable of(List<VolumeFacts> volumes) {
            List<VolumeFacts> anywhere = new ArrayList<>();
            Map<String, List<VolumeFacts>> byHost = new HashMap<>();
            for (VolumeFacts volume : volumes.stream().sorted(SMALLEST).toList()) {
                Optional<Set<String>> hosts = volume.hosts();
                if (hosts.isEmpty()) {
                    anywhere.add(volume);
                } else {
                    hosts.get()
                            .forEach(host -> byHost.computeIfAbsent(host, any -> new ArrayList<>())
                                    .add(volume));
                }
            }
            return new Suitable(anywhere, byHost);
        }

        /** The smallest that a node can use and that is not taken; null when there is none. */
        @Nullable
        VolumeFacts smallest(NodeFacts node, Set<String> taken) {
            String host = node.labels().get(VolumeFacts.HOSTNAME);
            VolumeFacts own = host == null ? null : first(byHost.getOrDefault(host, List.of()), node, taken);
            VolumeFacts common = first(anywhere, node, taken);
            if (own == null || common == null) {
                return own == null ? common : own;
            }
            return SMALLEST.compare(own, common) < 0 ? own : common;
        }

        private static @Nullable VolumeFacts first(List<VolumeFacts> volumes, NodeFacts node, Set<String> taken) {
            for (VolumeFacts volume : volumes) {
                if (!taken.contains(volume.name()) && volume.reaches(node)) {
                    return volume;
                }
            }
            return null;
        }
    }

    private final Volumes volumes;
    private final List<Open> open;

    /** Looks at the claims, which are unbound and wait for their first pod. */
    public ClaimMatch(List<ClaimFacts> claims, Volumes volumes) {
        this.volumes = volumes;
        this.open = claims.stream()
                // Small claims choose first, so that they leave big volumes to big claims.
                .sorted(Comparator.comparingLong(ClaimFacts::bytes)
                        .thenComparing(claim -> claim.key().name()))
                .map(this::look)
                .toList();
    }

    private Open look(ClaimFacts claim) {
        ClassFacts storageClass = volumes.classOf(claim);
        String reservedName = volumes.reserved().get(claim.key());
        VolumeFacts reserved = reservedName == null ? null : volumes.volume(reservedName);
        if (reserved != null && reserved.isFor(claim) && reserved.canHold(claim)) {
            return new Open(claim, reserved, Suitable.NONE, storageClass);
        }
        if (!claim.selectedNode().isEmpty()) {
            // A volume is being made for it; it must not get another.
            return new Open(claim, null, Suitable.NONE, storageClass);
        }
        var ofClass = volumes.unclaimed().get(claim.className());
        Suitable suitable = ofClass == null
                ? Suitable.NONE
                : Suitable.of(ofClass.values().stream()
                        .filter(volume -> volume.suits(claim))
                        .toList());
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
            VolumeFacts found = each.suitable().smallest(node, taken);
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
