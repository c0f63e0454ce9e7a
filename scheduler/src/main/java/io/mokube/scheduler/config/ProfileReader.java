package io.mokube.scheduler.config;

import io.mokube.machinery.error.FieldError;
import io.mokube.scheduler.framework.BindPlugin;
import io.mokube.scheduler.framework.EnqueuePlugin;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.PermitPlugin;
import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.PostBindPlugin;
import io.mokube.scheduler.framework.PostFilterPlugin;
import io.mokube.scheduler.framework.PreBindPlugin;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.framework.Profile.WeightedScore;
import io.mokube.scheduler.framework.QueueSortPlugin;
import io.mokube.scheduler.framework.ReservePlugin;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.plugins.NodeResourcesFitPlugin;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads one profile. */
final class ProfileReader {

    private final Fields stated;
    private final int percentageOtherwise;
    private final Set<String> ignoredResources;
    private final Map<String, Plugin> plugins = new LinkedHashMap<>();
    private final Map<ExtensionPoint, PluginSet> sets = new EnumMap<>(ExtensionPoint.class);
    private Map<String, Integer> everywhere = new LinkedHashMap<>();

    /**
     * Reads.
     *
     * @param extras plugins that can be switched on besides the default ones
     * @param percentageOtherwise which share of the nodes to score when the profile says nothing
     * @param ignoredResources of which it is somebody else's business whether a node has enough
     */
    ProfileReader(Fields stated, List<Plugin> extras, int percentageOtherwise, Set<String> ignoredResources) {
        this.stated = stated;
        this.percentageOtherwise = percentageOtherwise;
        this.ignoredResources = ignoredResources;
        DefaultPlugins.standard().forEach(plugin -> plugins.put(plugin.name(), plugin));
        extras.forEach(plugin -> plugins.put(plugin.name(), plugin));
    }

    /** The profile; null when it is broken, which the problems say. */
    @Nullable
    Profile read() {
        String name = stated.text("schedulerName", "default-scheduler");
        if (name.isEmpty()) {
            stated.broken(FieldError.required(stated.path("schedulerName"), ""));
        }
        int percentage = percentage(stated, percentageOtherwise);
        readArguments();
        plugins.replaceAll((plugin, made) ->
                made instanceof NodeResourcesFitPlugin fit ? fit.alsoIgnoring(ignoredResources) : made);
        readSets();
        stated.close();
        Map<ExtensionPoint, List<Plugin>> at = new EnumMap<>(ExtensionPoint.class);
        try {
            for (ExtensionPoint point : ExtensionPoint.values()) {
                at.put(point, expand(point));
            }
            if (at(at, ExtensionPoint.QUEUE_SORT).size() != 1) {
                throw new IllegalArgumentException(
                        "only one queue sort plugin required for profile with scheduler name \"" + name + "\", but got "
                                + at(at, ExtensionPoint.QUEUE_SORT).size());
            }
            if (at(at, ExtensionPoint.BIND).isEmpty()) {
                throw new IllegalArgumentException(
                        "at least one bind plugin is needed for profile with scheduler name \"" + name + "\"");
            }
        } catch (IllegalArgumentException e) {
            stated.broken(
                    new FieldError(FieldError.Type.INVALID, stated.path("plugins"), String.valueOf(e.getMessage())));
            return null;
        }
        Set<Plugin> prefiltering = new HashSet<>(at(at, ExtensionPoint.PRE_FILTER));
        Set<Plugin> prescoring = new HashSet<>(at(at, ExtensionPoint.PRE_SCORE));
        return new Profile(
                name,
                (QueueSortPlugin) at(at, ExtensionPoint.QUEUE_SORT).getFirst(),
                those(at(at, ExtensionPoint.PRE_ENQUEUE), EnqueuePlugin.class),
                those(at(at, ExtensionPoint.FILTER), FilterPlugin.class).stream()
                        .filter(plugin -> prefiltering.contains(plugin) || namedAt(ExtensionPoint.FILTER, plugin))
                        .toList(),
                those(at(at, ExtensionPoint.POST_FILTER), PostFilterPlugin.class),
                those(at(at, ExtensionPoint.SCORE), ScorePlugin.class).stream()
                        .filter(plugin -> prescoring.contains(plugin) || namedAt(ExtensionPoint.SCORE, plugin))
                        .map(plugin -> new WeightedScore(plugin, weight(plugin)))
                        .toList(),
                those(at(at, ExtensionPoint.RESERVE), ReservePlugin.class),
                those(at(at, ExtensionPoint.PERMIT), PermitPlugin.class),
                those(at(at, ExtensionPoint.PRE_BIND), PreBindPlugin.class),
                those(at(at, ExtensionPoint.BIND), BindPlugin.class),
                those(at(at, ExtensionPoint.POST_BIND), PostBindPlugin.class),
                percentage);
    }

    static int percentage(Fields fields, int otherwise) {
        int percentage = fields.integer("percentageOfNodesToScore", otherwise);
        if (percentage < 0 || percentage > 100) {
            fields.broken(FieldError.invalid(
                    fields.path("percentageOfNodesToScore"), percentage, "not in valid range [0-100]"));
            return otherwise;
        }
        return percentage;
    }

    private void readArguments() {
        Set<String> seen = new HashSet<>();
        for (Fields each : stated.objects("pluginConfig")) {
            String name = each.text("name", "");
            if (!seen.add(name)) {
                each.broken(FieldError.duplicate(each.path(""), name));
            }
            Fields arguments = each.object("args");
            Plugin configured = PluginArguments.configured(name, arguments);
            if (configured != null) {
                plugins.put(name, configured);
                arguments.close();
            } else if (!plugins.containsKey(name)) {
                each.broken(FieldError.invalid(each.path("name"), name, "is no plugin"));
            } else {
                arguments.close();
            }
            each.close();
        }
    }

    private void readSets() {
        Map<String, Integer> defaults = new LinkedHashMap<>();
        DefaultPlugins.standard().forEach(plugin -> defaults.put(plugin.name(), DefaultPlugins.weight(plugin.name())));
        Fields points = stated.object("plugins");
        everywhere = PluginSet.read(points.object("multiPoint")).over(defaults);
        for (ExtensionPoint point : ExtensionPoint.values()) {
            sets.put(point, PluginSet.read(points.object(point.field())));
        }
        points.close();
    }

    private PluginSet set(ExtensionPoint point) {
        return Objects.requireNonNull(sets.get(point));
    }

    private boolean namedAt(ExtensionPoint point, Plugin plugin) {
        return set(point).enabled().containsKey(plugin.name());
    }

    /**
     * The plugins at one point, in kube-scheduler's order: those that are on everywhere but named here too, as they are
     * named; then the others that are on everywhere; then those named here alone.
     */
    private List<Plugin> expand(ExtensionPoint point) {
        PluginSet here = set(point);
        List<Plugin> named = new ArrayList<>();
        List<Plugin> overriding = new ArrayList<>();
        for (String name : here.enabled().keySet()) {
            Plugin plugin = known(name, point);
            if (!point.isOf(plugin)) {
                throw new IllegalArgumentException(
                        "plugin \"" + name + "\" does not extend " + point.goName() + " plugin");
            }
            boolean overrides = everywhere.containsKey(name) && !here.disables(name);
            (overrides ? overriding : named).add(plugin);
        }
        List<Plugin> expanded = new ArrayList<>(overriding);
        for (String name : everywhere.keySet()) {
            Plugin plugin = known(name, point);
            if (point.isOf(plugin) && !here.disables(name) && !here.enabled().containsKey(name)) {
                expanded.add(plugin);
            }
        }
        expanded.addAll(named);
        return expanded;
    }

    private Plugin known(String name, ExtensionPoint point) {
        Plugin plugin = plugins.get(name);
        if (plugin == null) {
            throw new IllegalArgumentException(point.goName() + " \"" + name + "\" does not exist");
        }
        return plugin;
    }

    private int weight(ScorePlugin plugin) {
        int here = set(ExtensionPoint.SCORE).enabled().getOrDefault(plugin.name(), 0);
        int stated = here > 0 ? here : everywhere.getOrDefault(plugin.name(), 0);
        return stated > 0 ? stated : 1;
    }

    private static List<Plugin> at(Map<ExtensionPoint, List<Plugin>> points, ExtensionPoint point) {
        return Objects.requireNonNull(points.get(point));
    }

    private static <T> List<T> those(List<Plugin> plugins, Class<T> type) {
        return plugins.stream().map(type::cast).toList();
    }
}
