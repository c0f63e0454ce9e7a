package io.mokube.controllermanager.controllers.namespace;

import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.NamespaceConditionBuilder;
import io.mokube.machinery.names.GroupResource;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is left of a namespace, and how its conditions say so, in Kubernetes' words. Filled by one thread. */
final class Remains {

    private final SortedMap<String, Integer> instances = new TreeMap<>();
    private final SortedMap<String, Integer> finalizers = new TreeMap<>();
    private final List<String> undiscovered = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    /** Objects of a resource are left. */
    void addInstances(GroupResource resource, int count) {
        // Kubernetes writes the group after a dot even where it is empty.
        instances.merge(resource.resource() + "." + resource.group(), count, Integer::sum);
    }

    /** An object is left because of a finalizer. */
    void addFinalizer(String name) {
        finalizers.merge(name, 1, Integer::sum);
    }

    /** Nobody knows what a group version has in the namespace. */
    void addUndiscovered(String groupVersion) {
        undiscovered.add(groupVersion);
    }

    /** Deleting a resource's objects did not work. */
    void addFailure(String message) {
        failures.add(message);
    }

    boolean isNothing() {
        return instances.isEmpty() && undiscovered.isEmpty() && failures.isEmpty();
    }

    /** The conditions; one that holds the same as before keeps its time. */
    List<NamespaceCondition> conditions(@Nullable List<NamespaceCondition> before, Instant now) {
        List<NamespaceCondition> all = new ArrayList<>();
        all.add(
                undiscovered.isEmpty()
                        ? no(
                                "NamespaceDeletionDiscoveryFailure",
                                "ResourcesDiscovered",
                                "All resources successfully discovered")
                        : yes(
                                "NamespaceDeletionDiscoveryFailure",
                                "DiscoveryFailed",
                                "Discovery failed for some groups, %d failing: %s"
                                        .formatted(undiscovered.size(), String.join(", ", undiscovered))));
        all.add(no(
                "NamespaceDeletionGroupVersionParsingFailure",
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed"));
        all.add(
                failures.isEmpty()
                        ? no(
                                "NamespaceDeletionContentFailure",
                                "ContentDeleted",
                                "All content successfully deleted, may be waiting on finalization")
                        : yes(
                                "NamespaceDeletionContentFailure",
                                "ContentDeletionFailed",
                                "Failed to delete all resource types, %d remaining: %s"
                                        .formatted(failures.size(), String.join(", ", failures))));
        all.add(
                instances.isEmpty()
                        ? no("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed")
                        : yes(
                                "NamespaceContentRemaining",
                                "SomeResourcesRemain",
                                "Some resources are remaining: " + list(instances, "%s has %d resource instances")));
        all.add(
                finalizers.isEmpty()
                        ? no(
                                "NamespaceFinalizersRemaining",
                                "ContentHasNoFinalizers",
                                "All content-preserving finalizers finished")
                        : yes(
                                "NamespaceFinalizersRemaining",
                                "SomeFinalizersRemain",
                                "Some content in the namespace has finalizers remaining: "
                                        + list(finalizers, "%s in %d resource instances")));
        all.forEach(condition -> condition.setLastTransitionTime(since(condition, before, now)));
        return all;
    }

    private static String since(NamespaceCondition condition, @Nullable List<NamespaceCondition> before, Instant now) {
        for (NamespaceCondition old : before == null ? List.<NamespaceCondition>of() : before) {
            if (condition.getType().equals(old.getType())
                    && condition.getStatus().equals(old.getStatus())) {
                return Objects.requireNonNullElse(old.getLastTransitionTime(), "");
            }
        }
        return now.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String list(SortedMap<String, Integer> counts, String format) {
        List<String> lines = new ArrayList<>();
        counts.forEach((name, count) -> lines.add(format.formatted(name, count)));
        return String.join(", ", lines);
    }

    private static NamespaceCondition yes(String type, String reason, String message) {
        return condition(type, "True", reason, message);
    }

    private static NamespaceCondition no(String type, String reason, String message) {
        return condition(type, "False", reason, message);
    }

    private static NamespaceCondition condition(String type, String status, String reason, String message) {
        return new NamespaceConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .build();
    }
}
