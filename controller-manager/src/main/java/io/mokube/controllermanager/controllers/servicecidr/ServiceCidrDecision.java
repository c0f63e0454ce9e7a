package io.mokube.controllermanager.controllers.servicecidr;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What to do about a range of service addresses. Pure. */
final class ServiceCidrDecision {

    static final String FINALIZER = "networking.k8s.io/service-cidr-finalizer";

    private static final String MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
    private static final String ALLOCATOR = "ipallocator.k8s.io";

    /** So long API servers may give out addresses of a range that they don't know yet to be going. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    private ServiceCidrDecision() {}

    /** The next step. */
    sealed interface Step {
        /** The range lives: it must carry the finalizer and be told ready. */
        record Keep() implements Step {}

        /** Services still have addresses of the range, which must be told. */
        record Block() implements Step {}

        /** Nobody needs the range, but somebody may still take an address of it. */
        record Wait(Duration duration) implements Step {}

        /** The range may go. */
        record Release() implements Step {}
    }

    /**
     * Decides.
     *
     * @param ranges all of them, this one included
     * @param addresses that were given out
     */
    static Step step(KubeObject range, Collection<KubeObject> ranges, Collection<KubeObject> addresses, Instant now) {
        Instant deleted = range.deletionTimestamp();
        if (deleted == null) {
            return new Step.Keep();
        }
        List<Cidr> others = new ArrayList<>();
        for (KubeObject other : ranges) {
            if (!other.name().equals(range.name()) && !other.isBeingDeleted()) {
                others.addAll(blocks(other));
            }
        }
        List<Cidr> own = blocks(range);
        boolean isCovered = own.stream().allMatch(block -> others.stream().anyMatch(other -> other.contains(block)));
        if (!isCovered && addresses.stream().anyMatch(address -> needs(address, own, others))) {
            return new Step.Block();
        }
        Duration left = Duration.between(now, deleted.plus(GRACE));
        return left.isPositive() ? new Step.Wait(left) : new Step.Release();
    }

    private static boolean needs(KubeObject address, List<Cidr> own, List<Cidr> others) {
        if (!ALLOCATOR.equals(address.labels().get(MANAGED_BY))) {
            return false;
        }
        Optional<IpAddress> parsed = IpAddress.parse(address.name());
        return parsed.isPresent()
                && own.stream().anyMatch(block -> block.contains(parsed.get()))
                && others.stream().noneMatch(block -> block.contains(parsed.get()));
    }

    private static List<Cidr> blocks(KubeObject range) {
        List<Cidr> blocks = new ArrayList<>();
        for (JsonNode cidr : range.at("spec", "cidrs")) {
            Cidr.parse(cidr.asString("")).ifPresent(blocks::add);
        }
        return blocks;
    }
}
