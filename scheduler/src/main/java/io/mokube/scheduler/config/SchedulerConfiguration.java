package io.mokube.scheduler.config;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.extender.ExtenderConfig;
import io.mokube.scheduler.extender.ExtenderConfig.ManagedResource;
import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.plugins.NodeResourcesFitPlugin;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What a file of kind {@code KubeSchedulerConfiguration} says.
 *
 * @param profiles at least one; each serves the pods that name it
 * @param extenders services that have a say in decisions
 * @param election how replicas share the work
 * @param delays how long pods wait that could not be scheduled
 * @param kubeconfig names the API server and holds the credentials, when the file says so
 */
public record SchedulerConfiguration(
        List<Profile> profiles,
        List<ExtenderConfig> extenders,
        Election election,
        Delays delays,
        Optional<Path> kubeconfig) {

    private static final String KIND = "KubeSchedulerConfiguration";
    private static final String VERSION = "kubescheduler.config.k8s.io/v1";
    private static final YAMLMapper YAML = YAMLMapper.builder().build();

    /** What is in force without a file. */
    public static final SchedulerConfiguration DEFAULT = new SchedulerConfiguration(
            List.of(DefaultPlugins.profile("default-scheduler")),
            List.of(),
            Election.DEFAULT,
            Delays.DEFAULT,
            Optional.empty());

    public SchedulerConfiguration {
        profiles = List.copyOf(profiles);
        extenders = List.copyOf(extenders);
    }

    /**
     * How replicas share the work.
     *
     * @param enabled whether a scheduler waits for the lease before it decides anything
     */
    public record Election(
            boolean enabled, ObjectKey lease, Duration leaseDuration, Duration renewDeadline, Duration retryPeriod) {

        public static final Election DEFAULT = new Election(
                true,
                new ObjectKey("kube-system", "kube-scheduler"),
                Duration.ofSeconds(15),
                Duration.ofSeconds(10),
                Duration.ofSeconds(2));
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException when it can't be read or breaks a rule, in words for the user
     */
    public static SchedulerConfiguration read(Path file) {
        try {
            return parse(Files.readString(file), List.of());
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "the scheduler's configuration " + file + " can't be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the scheduler's configuration " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads a file's text.
     *
     * @param extras plugins that it may switch on besides the default ones
     * @throws IllegalArgumentException when it can't be understood or breaks a rule
     */
    public static SchedulerConfiguration parse(String text, List<Plugin> extras) {
        JsonNode root;
        try {
            root = YAML.readTree(text);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("no YAML: " + e.getOriginalMessage(), e);
        }
        if (!root.isObject()) {
            throw new IllegalArgumentException("expected an object of kind " + KIND);
        }
        Fields.Problems problems = new Fields.Problems();
        Fields fields = new Fields(root, "", problems);
        String kind = fields.text("kind", "");
        String version = fields.text("apiVersion", "");
        if (!kind.equals(KIND) || !version.equals(VERSION)) {
            throw new IllegalArgumentException("no kind \"" + kind + "\" is registered for version \"" + version
                    + "\": expected kind " + KIND + " of version " + VERSION);
        }
        SchedulerConfiguration configuration = read(fields, extras);
        fields.close();
        problems.throwIfAny();
        return configuration;
    }

    private static SchedulerConfiguration read(Fields fields, List<Plugin> extras) {
        int parallelism = fields.integer("parallelism", 16);
        if (parallelism <= 0) {
            fields.broken(
                    FieldError.invalid("parallelism", parallelism, "should be an integer value greater than zero"));
        }
        // Profiling is the JVM's business; state is there before pods are decided on in any case.
        fields.flag("enableProfiling", true);
        fields.flag("enableContentionProfiling", true);
        fields.flag("delayCacheUntilActive", false);
        int percentage = ProfileReader.percentage(fields, 0);
        List<ExtenderConfig> extenders = ExtenderReader.read(fields);
        Set<String> ignored = extenders.stream()
                .flatMap(extender -> extender.managedResources().stream())
                .filter(ManagedResource::ignoredByScheduler)
                .map(ManagedResource::name)
                .collect(Collectors.toSet());
        return new SchedulerConfiguration(
                profiles(fields, extras, percentage, ignored),
                extenders,
                election(fields),
                delays(fields),
                kubeconfig(fields));
    }

    private static List<Profile> profiles(
            Fields fields, List<Plugin> extras, int percentage, Set<String> ignoredResources) {
        if (!fields.has("profiles")) {
            return List.of(Profile.of(
                    "default-scheduler",
                    DefaultPlugins.standard().stream()
                            .map(plugin -> plugin instanceof NodeResourcesFitPlugin fit
                                    ? fit.alsoIgnoring(ignoredResources)
                                    : plugin)
                            .toList(),
                    DefaultPlugins.weights(),
                    percentage));
        }
        List<Fields> stated = fields.objects("profiles");
        if (stated.isEmpty()) {
            fields.broken(FieldError.required("profiles", ""));
        }
        List<Profile> profiles = new ArrayList<>();
        Map<String, Integer> names = new HashMap<>();
        for (int i = 0; i < stated.size(); i++) {
            Profile profile = new ProfileReader(stated.get(i), extras, percentage, ignoredResources).read();
            if (profile == null) {
                continue;
            }
            Integer before = names.putIfAbsent(profile.schedulerName(), i);
            if (before != null) {
                fields.broken(FieldError.duplicate(
                        "profiles[" + i + "].schedulerName", "profiles[" + before + "].schedulerName"));
            }
            profiles.add(profile);
            if (!profile.queueSort()
                    .name()
                    .equals(profiles.getFirst().queueSort().name())) {
                fields.broken(FieldError.invalid(
                        "profiles[" + i + "].plugins.queueSort",
                        profile.queueSort().name(),
                        "must be the same for all profiles"));
            }
        }
        return profiles;
    }

    private static Election election(Fields fields) {
        Fields stated = fields.object("leaderElection");
        boolean enabled = stated.flag("leaderElect", Election.DEFAULT.enabled());
        Duration lease = stated.duration("leaseDuration", Election.DEFAULT.leaseDuration());
        Duration renew = stated.duration("renewDeadline", Election.DEFAULT.renewDeadline());
        Duration retry = stated.duration("retryPeriod", Election.DEFAULT.retryPeriod());
        String lock = stated.text("resourceLock", "leases");
        ObjectKey key = new ObjectKey(
                stated.text("resourceNamespace", Election.DEFAULT.lease().namespace()),
                stated.text("resourceName", Election.DEFAULT.lease().name()));
        stated.close();
        if (!enabled) {
            return new Election(
                    false,
                    key,
                    Election.DEFAULT.leaseDuration(),
                    Election.DEFAULT.renewDeadline(),
                    Election.DEFAULT.retryPeriod());
        }
        if (!lock.equals("leases")) {
            stated.broken(
                    FieldError.invalid(stated.path("resourceLock"), lock, "resourceLock value must be \"leases\""));
        }
        if (lease.compareTo(renew) <= 0) {
            stated.broken(FieldError.invalid(
                    stated.path("leaseDuration"),
                    lease.toSeconds() + "s",
                    "LeaseDuration must be greater than RenewDeadline"));
        }
        if (renew.compareTo(retry) <= 0) {
            stated.broken(FieldError.invalid(
                    stated.path("renewDeadline"),
                    renew.toSeconds() + "s",
                    "RenewDeadline must be greater than RetryPeriod"));
        }
        if (retry.isZero()) {
            stated.broken(FieldError.invalid(stated.path("retryPeriod"), "0s", "must be greater than zero"));
        }
        return new Election(true, key, lease, renew, retry);
    }

    private static Delays delays(Fields fields) {
        int initial = fields.integer("podInitialBackoffSeconds", 1);
        int longest = fields.integer("podMaxBackoffSeconds", 10);
        if (initial <= 0) {
            fields.broken(FieldError.invalid("podInitialBackoffSeconds", initial, "must be greater than 0"));
        }
        if (longest < initial) {
            fields.broken(FieldError.invalid(
                    "podMaxBackoffSeconds", longest, "must be greater than or equal to PodInitialBackoffSeconds"));
        }
        return new Delays(Duration.ofSeconds(initial), Duration.ofSeconds(longest), Delays.DEFAULT.maxUnschedulable());
    }

    private static Optional<Path> kubeconfig(Fields fields) {
        Fields stated = fields.object("clientConnection");
        String file = stated.text("kubeconfig", "");
        // The client paces itself by what the server answers, and speaks JSON.
        stated.text("contentType", "");
        stated.text("acceptContentTypes", "");
        stated.has("qps");
        stated.integer("burst", 0);
        stated.close();
        return file.isEmpty() ? Optional.empty() : Optional.of(Path.of(file));
    }
}
