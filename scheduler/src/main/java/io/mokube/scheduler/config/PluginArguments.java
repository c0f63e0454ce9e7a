package io.mokube.scheduler.config;

import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.mokube.machinery.error.FieldError;
import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.plugins.DefaultPreemptionPlugin;
import io.mokube.scheduler.plugins.DynamicResourcesPlugin;
import io.mokube.scheduler.plugins.InterPodAffinityPlugin;
import io.mokube.scheduler.plugins.NodeAffinityPlugin;
import io.mokube.scheduler.plugins.NodeResourcesBalancedAllocationPlugin;
import io.mokube.scheduler.plugins.NodeResourcesFitPlugin;
import io.mokube.scheduler.plugins.PodTopologySpreadPlugin;
import io.mokube.scheduler.plugins.ScoringStrategy;
import io.mokube.scheduler.plugins.ScoringStrategy.Kind;
import io.mokube.scheduler.plugins.ScoringStrategy.WeightedResource;
import io.mokube.scheduler.plugins.VolumeBindingPlugin;
import io.mokube.scheduler.snapshot.NodePreference;
import io.mokube.scheduler.snapshot.NodeRequirement;
import io.mokube.scheduler.snapshot.SpreadConstraint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Makes plugins from the arguments that the file states, by kube-scheduler's names, defaults and rules. */
final class PluginArguments {

    private static final Set<String> STRATEGIES =
            new TreeSet<>(Set.of("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"));
    /** A curve's scores go up to this, and plugins' up to ten times as much. */
    private static final int LARGEST_CURVE_SCORE = 10;

    private PluginArguments() {}

    /**
     * The plugin of a name with these arguments.
     *
     * @return null when a plugin of that name takes none
     */
    static @Nullable Plugin configured(String plugin, Fields arguments) {
        String kind = arguments.text("kind", plugin + "Args");
        arguments.text("apiVersion", "");
        if (!kind.equals(plugin + "Args")) {
            arguments.broken(FieldError.invalid(arguments.path("kind"), kind, "has to match plugin args"));
            return null;
        }
        return switch (plugin) {
            case "NodeResourcesFit" -> resourcesFit(arguments);
            case "NodeResourcesBalancedAllocation" -> balancedAllocation(arguments);
            case "NodeAffinity" -> nodeAffinity(arguments);
            case "PodTopologySpread" -> topologySpread(arguments);
            case "InterPodAffinity" -> interPodAffinity(arguments);
            case "DefaultPreemption" -> preemption(arguments);
            case "VolumeBinding" -> volumeBinding(arguments);
            case "DynamicResources" -> dynamicResources(arguments);
            default -> null;
        };
    }

    private static Plugin resourcesFit(Fields arguments) {
        List<String> groups = arguments.texts("ignoredResourceGroups");
        for (int i = 0; i < groups.size(); i++) {
            if (groups.get(i).contains("/")) {
                arguments.broken(FieldError.invalid(
                        arguments.path("ignoredResourceGroups[" + i + "]"),
                        groups.get(i),
                        "resource group name can't contain '/'"));
            }
        }
        return new NodeResourcesFitPlugin(
                strategy(arguments), Set.copyOf(arguments.texts("ignoredResources")), Set.copyOf(groups));
    }

    private static ScoringStrategy strategy(Fields arguments) {
        if (!arguments.has("scoringStrategy")) {
            return ScoringStrategy.DEFAULT;
        }
        Fields stated = arguments.object("scoringStrategy");
        String type = stated.text("type", "");
        List<WeightedResource> resources = weighted(stated);
        for (int i = 0; i < resources.size(); i++) {
            WeightedResource resource = resources.get(i);
            if (resource.weight() <= 0 || resource.weight() > 100) {
                stated.broken(FieldError.invalid(
                        stated.path("resources[" + i + "].weight"),
                        resource.weight(),
                        "resource weight of " + resource.name() + " not in valid range (0, 100]"));
            }
        }
        Kind kind = new Kind.LeastAllocated();
        if (!STRATEGIES.contains(type)) {
            stated.broken(FieldError.notSupported(stated.path("type"), type, STRATEGIES));
        }
        if (type.equals("RequestedToCapacityRatio")) {
            if (stated.has("requestedToCapacityRatio")) {
                Fields ratio = stated.object("requestedToCapacityRatio");
                kind = new Kind.RequestedToCapacityRatio(shape(ratio));
                ratio.close();
            } else {
                stated.broken(FieldError.required(
                        stated.path("requestedToCapacityRatio"),
                        "must be specified when type is RequestedToCapacityRatio"));
            }
        } else if (stated.has("requestedToCapacityRatio")) {
            stated.broken(FieldError.forbidden(
                    stated.path("requestedToCapacityRatio"), "must be nil when type is not RequestedToCapacityRatio"));
        } else if (type.equals("MostAllocated")) {
            kind = new Kind.MostAllocated();
        }
        stated.close();
        return new ScoringStrategy(kind, resources);
    }

    /** The resources and their weights; CPU and memory when none are stated. A weight that is not stated is 1. */
    private static List<WeightedResource> weighted(Fields stated) {
        List<WeightedResource> resources = new ArrayList<>();
        for (Fields each : stated.objects("resources")) {
            resources.add(new WeightedResource(each.text("name", ""), each.integer("weight", 1)));
            each.close();
        }
        return resources.isEmpty() ? ScoringStrategy.DEFAULT.resources() : resources;
    }

    private static List<Kind.Point> shape(Fields ratio) {
        List<Kind.Point> shape = new ArrayList<>();
        int before = Integer.MIN_VALUE;
        boolean sorted = true;
        for (Fields each : ratio.objects("shape")) {
            int utilization = each.integer("utilization", 0);
            int score = each.integer("score", 0);
            if (sorted && utilization <= before) {
                sorted = false;
                each.broken(FieldError.invalid(
                        each.path("utilization"), utilization, "values must be sorted in increasing order"));
            }
            range(each, "utilization", utilization, 100);
            range(each, "score", score, LARGEST_CURVE_SCORE);
            each.close();
            shape.add(new Kind.Point(utilization, score * (ScorePlugin.MAX_SCORE / LARGEST_CURVE_SCORE)));
            before = utilization;
        }
        if (shape.isEmpty()) {
            ratio.broken(FieldError.required(ratio.path("shape"), "at least one point must be specified"));
        }
        return shape;
    }

    private static void range(Fields fields, String field, int value, int largest) {
        if (value < 0 || value > largest) {
            fields.broken(FieldError.invalid(fields.path(field), value, "not in valid range [0, " + largest + "]"));
        }
    }

    private static Plugin balancedAllocation(Fields arguments) {
        List<WeightedResource> resources = weighted(arguments);
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < resources.size(); i++) {
            WeightedResource resource = resources.get(i);
            if (!seen.add(resource.name())) {
                arguments.broken(FieldError.duplicate(arguments.path("resources[" + i + "].name"), resource.name()));
            }
            if (resource.weight() != 1) {
                arguments.broken(FieldError.invalid(
                        arguments.path("resources[" + i + "].weight"), resource.weight(), "must be 1"));
            }
        }
        return new NodeResourcesBalancedAllocationPlugin(
                resources.stream().map(WeightedResource::name).toList());
    }

    private static Plugin nodeAffinity(Fields arguments) {
        Optional<NodeAffinity> added = arguments.model("addedAffinity", NodeAffinity.class);
        Optional<List<NodeRequirement>> required = added.map(
                        NodeAffinity::getRequiredDuringSchedulingIgnoredDuringExecution)
                .map(selector -> selector.getNodeSelectorTerms().stream()
                        .map(NodeRequirement::of)
                        .toList());
        List<NodePreference> preferred =
                added.map(NodeAffinity::getPreferredDuringSchedulingIgnoredDuringExecution).orElse(List.of()).stream()
                        .map(term -> new NodePreference(NodeRequirement.of(term.getPreference()), term.getWeight()))
                        .toList();
        boolean malformed = required.orElse(List.of()).stream().anyMatch(NodeRequirement::malformed)
                || preferred.stream().anyMatch(term -> term.requirement().malformed());
        if (malformed) {
            arguments.broken(FieldError.invalid(
                    arguments.path("addedAffinity"), "nodeAffinity", "has a term that can't be understood"));
        }
        return new NodeAffinityPlugin(required, preferred);
    }

    private static Plugin topologySpread(Fields arguments) {
        String type = arguments.text("defaultingType", "System");
        List<SpreadConstraint> constraints = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Fields each : arguments.objects("defaultConstraints")) {
            constraint(each, seen).ifPresent(constraints::add);
        }
        boolean stated = !seen.isEmpty();
        switch (type) {
            case "System" -> {
                if (stated) {
                    arguments.broken(FieldError.invalid(
                            arguments.path("defaultingType"), type, "when .defaultConstraints are not empty"));
                }
                return new PodTopologySpreadPlugin();
            }
            case "List" -> {
                return new PodTopologySpreadPlugin(constraints);
            }
            default -> {
                arguments.broken(
                        FieldError.notSupported(arguments.path("defaultingType"), type, List.of("System", "List")));
                return new PodTopologySpreadPlugin();
            }
        }
    }

    private static Optional<SpreadConstraint> constraint(Fields stated, Set<String> seen) {
        int maxSkew = stated.integer("maxSkew", 0);
        String key = stated.text("topologyKey", "");
        String unsatisfiable = stated.text("whenUnsatisfiable", "");
        if (maxSkew <= 0) {
            stated.broken(FieldError.invalid(stated.path("maxSkew"), maxSkew, "not in valid range (0, inf)"));
        }
        if (key.isEmpty()) {
            stated.broken(FieldError.required(stated.path("topologyKey"), "can not be empty"));
        }
        if (unsatisfiable.isEmpty()) {
            stated.broken(FieldError.required(stated.path("whenUnsatisfiable"), "can not be empty"));
        } else if (!unsatisfiable.equals("DoNotSchedule") && !unsatisfiable.equals("ScheduleAnyway")) {
            stated.broken(FieldError.notSupported(
                    stated.path("whenUnsatisfiable"), unsatisfiable, List.of("DoNotSchedule", "ScheduleAnyway")));
        }
        if (stated.has("labelSelector")) {
            stated.broken(FieldError.forbidden(
                    stated.path("labelSelector"),
                    "constraint must not define a selector, as they deduced for each pod"));
        }
        String alike = "{" + key + ", " + unsatisfiable + "}";
        if (!seen.add(alike)) {
            stated.broken(FieldError.duplicate(stated.path(""), alike));
        }
        TopologySpreadConstraint constraint = new TopologySpreadConstraint();
        constraint.setMaxSkew(maxSkew);
        constraint.setTopologyKey(key);
        constraint.setWhenUnsatisfiable(unsatisfiable);
        constraint.setMinDomains(stated.has("minDomains") ? stated.integer("minDomains", 1) : null);
        constraint.setNodeAffinityPolicy(stated.text("nodeAffinityPolicy", "Honor"));
        constraint.setNodeTaintsPolicy(stated.text("nodeTaintsPolicy", "Ignore"));
        stated.close();
        return Optional.of(SpreadConstraint.ofDefault(constraint));
    }

    private static Plugin interPodAffinity(Fields arguments) {
        int weight = arguments.integer("hardPodAffinityWeight", 1);
        range(arguments, "hardPodAffinityWeight", weight, 100);
        return new InterPodAffinityPlugin(weight, arguments.flag("ignorePreferredTermsOfExistingPods", false));
    }

    private static Plugin volumeBinding(Fields arguments) {
        int seconds = arguments.integer("bindTimeoutSeconds", (int) VolumeBindingPlugin.DEFAULT_PATIENCE.toSeconds());
        if (seconds < 0) {
            arguments.broken(FieldError.invalid(
                    arguments.path("bindTimeoutSeconds"),
                    seconds,
                    "invalid BindTimeoutSeconds, should not be a negative value"));
        }
        return new VolumeBindingPlugin(Duration.ofSeconds(Math.max(0, seconds)));
    }

    private static Plugin dynamicResources(Fields arguments) {
        // A search ends after a number of steps, whatever time that takes.
        arguments.duration("filterTimeout", Duration.ZERO);
        Duration patience = arguments.duration("bindingTimeout", DynamicResourcesPlugin.DEFAULT_PATIENCE);
        if (patience.toSeconds() < 1) {
            arguments.broken(FieldError.invalid(
                    arguments.path("bindingTimeout"), patience.toMillis() + "ms", "must be at least 1 second"));
        }
        return new DynamicResourcesPlugin(patience);
    }

    private static Plugin preemption(Fields arguments) {
        int percentage = arguments.integer("minCandidateNodesPercentage", 10);
        int absolute = arguments.integer("minCandidateNodesAbsolute", 100);
        range(arguments, "minCandidateNodesPercentage", percentage, 100);
        if (absolute < 0) {
            arguments.broken(FieldError.invalid(
                    arguments.path("minCandidateNodesAbsolute"), absolute, "not in valid range [0, inf)"));
        }
        if (percentage == 0 && absolute == 0) {
            arguments.broken(FieldError.invalid(
                    arguments.path("minCandidateNodesPercentage"),
                    percentage,
                    "cannot be zero at the same time as minCandidateNodesAbsolute"));
            arguments.broken(FieldError.invalid(
                    arguments.path("minCandidateNodesAbsolute"),
                    absolute,
                    "cannot be zero at the same time as minCandidateNodesPercentage"));
        }
        return new DefaultPreemptionPlugin(percentage, absolute);
    }
}
