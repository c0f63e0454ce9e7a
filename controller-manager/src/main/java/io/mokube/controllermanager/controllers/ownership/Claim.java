package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.machinery.selector.LabelSelector;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Which of some candidates an owner has, should adopt and should release. Pure; the adopter checks with a live read that
 * the owner still exists and is not being deleted before it writes.
 *
 * @param owned dependents that the owner controls and its selector matches
 * @param adopt orphans that the selector matches
 * @param release dependents that the owner controls though its selector no longer matches
 */
public record Claim<T extends HasMetadata>(List<T> owned, List<T> adopt, List<T> release) {

    /**
     * Sorts candidates of the owner's namespace.
     *
     * <p>An owner that is being deleted keeps what it has and claims nothing more. Orphans that are being deleted are
     * left alone.
     */
    public static <T extends HasMetadata> Claim<T> of(
            HasMetadata owner, LabelSelector selector, Collection<T> candidates) {
        boolean ownerGoes = Ownership.isBeingDeleted(owner);
        List<T> owned = new ArrayList<>();
        List<T> adopt = new ArrayList<>();
        List<T> release = new ArrayList<>();
        for (T candidate : candidates) {
            boolean matches = selector.matches(Ownership.labels(candidate));
            if (Ownership.controllerOf(candidate).isEmpty()) {
                if (matches && !ownerGoes && !Ownership.isBeingDeleted(candidate)) {
                    adopt.add(candidate);
                }
            } else if (Ownership.isControlledBy(candidate, owner)) {
                if (matches) {
                    owned.add(candidate);
                } else if (!ownerGoes) {
                    release.add(candidate);
                }
            }
        }
        return new Claim<>(List.copyOf(owned), List.copyOf(adopt), List.copyOf(release));
    }
}
