package io.mokube.machinery.quota;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Measures what objects of one resource use of quotas. */
public sealed interface Evaluator permits PodEvaluator, ServiceEvaluator, VolumeClaimEvaluator, CountEvaluator {

    /** Kubernetes counts these nowhere: they come and go without anybody's will. */
    Set<GroupResource> UNCOUNTED =
            Set.of(new GroupResource("", "events"), new GroupResource("events.k8s.io", "events"));

    /** The evaluator of a resource; of most it is their number alone that counts. */
    static Evaluator of(GroupResource resource) {
        if (resource.group().isEmpty()) {
            switch (resource.resource()) {
                case "pods" -> {
                    return PodEvaluator.INSTANCE;
                }
                case "services" -> {
                    return ServiceEvaluator.INSTANCE;
                }
                case "persistentvolumeclaims" -> {
                    return VolumeClaimEvaluator.INSTANCE;
                }
                default -> {}
            }
        }
        return new CountEvaluator(resource);
    }

    /** The resources whose objects may use what is limited under these names. */
    static Set<GroupResource> measuredBy(Collection<String> names) {
        Set<GroupResource> resources = new HashSet<>();
        for (String name : names) {
            CountEvaluator.counted(name).ifPresent(resources::add);
            for (String plural : List.of("pods", "services", "persistentvolumeclaims")) {
                GroupResource resource = new GroupResource("", plural);
                if (of(resource).measures(name)) {
                    resources.add(resource);
                }
            }
        }
        return resources;
    }

    /** Whether such objects may use what a quota limits under this name. */
    boolean measures(String name);

    /** What an object uses now. */
    Amounts usage(KubeObject object, Instant now);

    /** Whether an object belongs to a scope. */
    boolean isWithin(QuotaScope scope, KubeObject object);

    /** Whether an update may use more than the object used before. */
    boolean growsBy(String subresource, KubeObject object, KubeObject old);

    /**
     * What an object must say of itself and does not, when a quota limits these.
     *
     * @param limited names that this measures
     */
    default Optional<String> missing(Collection<String> limited, KubeObject object) {
        return Optional.empty();
    }

    /** Whether a quota counts an object, as far as its scopes say. */
    default boolean isScopedBy(KubeObject quota, KubeObject object) {
        return QuotaScope.of(quota).stream().allMatch(scope -> isWithin(scope, object));
    }
}
