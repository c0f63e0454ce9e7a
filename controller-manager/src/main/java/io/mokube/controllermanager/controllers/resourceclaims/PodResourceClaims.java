package io.mokube.controllermanager.controllers.resourceclaims;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReferenceBuilder;
import io.mokube.controllermanager.controllers.ownership.NameSuffix;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.PodsOnNode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What pods say about their claims of devices. Pure. */
final class PodResourceClaims {

    private static final int LONGEST_BASE = 52;

    private PodResourceClaims() {}

    static List<PodResourceClaim> of(Pod pod) {
        @Nullable List<PodResourceClaim> claims = pod.getSpec().getResourceClaims();
        return claims == null ? List.of() : claims;
    }

    static List<PodResourceClaimStatus> statuses(Pod pod) {
        @Nullable
        List<PodResourceClaimStatus> statuses =
                pod.getStatus() == null ? null : pod.getStatus().getResourceClaimStatuses();
        return statuses == null ? List.of() : statuses;
    }

    static boolean isFromTemplate(PodResourceClaim claim) {
        return claim.getResourceClaimTemplateName() != null;
    }

    /** The name of the claim behind one of a pod's; empty while it has not been made from its template. */
    static Optional<String> name(Pod pod, PodResourceClaim claim) {
        if (!isFromTemplate(claim)) {
            return Optional.ofNullable(claim.getResourceClaimName());
        }
        return statuses(pod).stream()
                .filter(each -> claim.getName().equals(each.getName()))
                .map(PodResourceClaimStatus::getResourceClaimName)
                .filter(each -> each != null && !each.isEmpty())
                .findFirst();
    }

    /**
     * What a claim from a template is called. The end comes from the pod's UID, so that a creation whose answer was lost is
     * found again and not done twice. When both names are too long, each gives up its share.
     */
    static String newName(Pod pod, PodResourceClaim claim) {
        String first = pod.getMetadata().getName();
        String second = claim.getName();
        int length = first.length() + second.length() + 2;
        if (length > LONGEST_BASE) {
            first = first.substring(0, first.length() * LONGEST_BASE / length);
            second = second.substring(0, second.length() * LONGEST_BASE / length);
        }
        int hash = (pod.getMetadata().getUid() + "/" + claim.getName()).hashCode();
        return first + "-" + second + "-" + NameSuffix.encode(hash);
    }

    /** Whether none of the pod's containers runs or ever will. */
    static boolean isDone(Pod pod) {
        return PodFacts.isFinished(pod)
                || (Ownership.isBeingDeleted(pod) && PodsOnNode.nodeOf(pod).isEmpty());
    }

    static List<ResourceClaimConsumerReference> reservations(ResourceClaim claim) {
        @Nullable
        List<ResourceClaimConsumerReference> reserved =
                claim.getStatus() == null ? null : claim.getStatus().getReservedFor();
        return reserved == null ? List.of() : reserved;
    }

    static boolean isReservedFor(Pod pod, ResourceClaim claim) {
        return reservations(claim).stream()
                .anyMatch(each -> pod.getMetadata().getUid().equals(each.getUid()));
    }

    static boolean isAllocated(ResourceClaim claim) {
        return claim.getStatus() != null && claim.getStatus().getAllocation() != null;
    }

    static ResourceClaimConsumerReference reservation(Pod pod) {
        return new ResourceClaimConsumerReferenceBuilder()
                .withResource("pods")
                .withName(pod.getMetadata().getName())
                .withUid(pod.getMetadata().getUid())
                .build();
    }
}
