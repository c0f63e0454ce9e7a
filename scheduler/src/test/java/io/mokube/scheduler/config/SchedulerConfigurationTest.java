package io.mokube.scheduler.config;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.placed;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.extender.ExtenderConfig;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.Decider;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.PermitPlugin;
import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What files mean, and what is said of those that are wrong. */
class SchedulerConfigurationTest {

    private static final String HEAD = """
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            """;

    @Test
    void anEmptyFileMeansTheDefaults() {
        SchedulerConfiguration read = parse("");
        assertThat(names(read.profiles().getFirst().filters()))
                .isEqualTo(names(DefaultPlugins.profile("default-scheduler").filters()));
        assertThat(weights(read.profiles().getFirst())).isEqualTo(weights(DefaultPlugins.profile("default-scheduler")));
        assertThat(read.election()).isEqualTo(SchedulerConfiguration.Election.DEFAULT);
        assertThat(read.delays()).isEqualTo(Delays.DEFAULT);
    }

    @Test
    void everythingOutsideOfProfiles() {
        SchedulerConfiguration read = parse("""
                parallelism: 4
                percentageOfNodesToScore: 30
                podInitialBackoffSeconds: 2
                podMaxBackoffSeconds: 60
                clientConnection:
                  kubeconfig: /etc/scheduler.conf
                  qps: 50.5
                  burst: 100
                leaderElection:
                  leaderElect: true
                  leaseDuration: 1m30s
                  renewDeadline: 40s
                  retryPeriod: 500ms
                  resourceLock: leases
                  resourceNamespace: team
                  resourceName: second
                """);
        assertThat(read.delays())
                .isEqualTo(new Delays(Duration.ofSeconds(2), Duration.ofSeconds(60), Duration.ofMinutes(5)));
        assertThat(read.election())
                .isEqualTo(new SchedulerConfiguration.Election(
                        true,
                        new ObjectKey("team", "second"),
                        Duration.ofSeconds(90),
                        Duration.ofSeconds(40),
                        Duration.ofMillis(500)));
        assertThat(read.kubeconfig()).isEqualTo(Optional.of(Path.of("/etc/scheduler.conf")));
        assertThat(read.profiles().getFirst().percentageOfNodesToScore()).isEqualTo(30);
    }

    @Test
    void extendersAndWhatTheyLookAfter() {
        SchedulerConfiguration read = parse("""
                extenders:
                - urlPrefix: https://extender.example.com/scheduler
                  filterVerb: filter
                  prioritizeVerb: rate
                  preemptVerb: preempt
                  bindVerb: bind
                  weight: 5
                  enableHTTPS: true
                  tlsConfig: {serverName: extender, caData: Q0E=}
                  httpTimeout: 2s
                  nodeCacheCapable: true
                  ignorable: true
                  managedResources:
                  - {name: example.com/gpu, ignoredByScheduler: true}
                  - {name: example.com/fpga}
                """);
        assertThat(read.extenders())
                .containsExactly(new ExtenderConfig(
                        "https://extender.example.com/scheduler",
                        "filter",
                        "preempt",
                        "rate",
                        "bind",
                        5,
                        true,
                        new ExtenderConfig.Tls(false, "extender", null, null, "CA"),
                        Duration.ofSeconds(2),
                        true,
                        List.of(
                                new ExtenderConfig.ManagedResource("example.com/gpu", true),
                                new ExtenderConfig.ManagedResource("example.com/fpga", false)),
                        true));
        Decider decider = new Decider(read.profiles().getFirst());
        Snapshot cluster = snapshot(nodeInfo(node("n", "cpu=1")));
        assertThat(decider.decide(info("p", "example.com/gpu=1"), cluster, 0, 1))
                .isInstanceOf(Decision.Place.class);
        assertThat(decider.decide(info("p", "example.com/fpga=1"), cluster, 0, 1))
                .isInstanceOf(Decision.NoFit.class);
    }

    @Test
    void pluginsAreSwitchedOnAndOff() {
        Profile profile = profile("""
                schedulerName: packing
                percentageOfNodesToScore: 100
                plugins:
                  multiPoint:
                    disabled:
                    - name: ImageLocality
                    enabled:
                    - name: InterPodAffinity
                      weight: 7
                  score:
                    disabled:
                    - name: NodeAffinity
                    - name: TaintToleration
                    enabled:
                    - name: TaintToleration
                      weight: 9
                    - name: NodeResourcesFit
                      weight: 5
                  preFilter:
                    disabled:
                    - name: NodePorts
                  postFilter:
                    disabled:
                    - name: "*"
                """);
        assertThat(profile.schedulerName()).isEqualTo("packing");
        assertThat(profile.percentageOfNodesToScore()).isEqualTo(100);
        assertThat(weights(profile))
                .containsExactly(
                        "NodeResourcesFit=5",
                        "PodTopologySpread=2",
                        "InterPodAffinity=7",
                        "DynamicResources=1",
                        "NodeResourcesBalancedAllocation=1",
                        "TaintToleration=9");
        assertThat(names(profile.filters()))
                .contains("NodeAffinity", "TaintToleration")
                .doesNotContain("NodePorts");
        assertThat(profile.postFilters()).isEmpty();
        assertThat(names(profile.binds())).containsExactly("DefaultBinder");
    }

    @Test
    void everyPluginButTheNecessaryOnesCanBeOff() {
        Profile profile = profile("""
                schedulerName: bare
                plugins:
                  multiPoint:
                    disabled:
                    - name: "*"
                    enabled:
                    - name: PrioritySort
                    - name: DefaultBinder
                    - name: NodeResourcesFit
                """);
        assertThat(names(profile.filters())).containsExactly("NodeResourcesFit");
        assertThat(weights(profile)).containsExactly("NodeResourcesFit=1");
        assertThat(profile.enqueuePlugins()).isEmpty();
    }

    @Test
    void aPluginOfOnesOwnCanBeSwitchedOn() {
        SchedulerConfiguration read = SchedulerConfiguration.parse(HEAD + """
                profiles:
                - plugins:
                    permit:
                      enabled:
                      - name: Doorman
                """, List.of(new Doorman()));
        assertThat(names(read.profiles().getFirst().permits())).containsExactly("Doorman");
    }

    private record Doorman() implements PermitPlugin {

        @Override
        public String name() {
            return "Doorman";
        }

        @Override
        public Permission permit(PodInfo pod, String node, Snapshot snapshot) {
            return new Permission.Allowed();
        }

        @Override
        public Set<ClusterEvent> unblockedBy() {
            return Set.of();
        }
    }

    @Test
    void argumentsReachTheirPlugins() {
        Snapshot cluster = snapshot(
                nodeInfo(node("empty", "cpu=4,memory=4Gi,example.com/gpu=4")),
                nodeInfo(
                        node("used", "cpu=4,memory=4Gi,example.com/gpu=4"),
                        placed("x", "cpu=2,memory=2Gi,example.com/gpu=2", "used")));
        String only = """
                plugins:
                  score:
                    disabled: [{name: "*"}]
                    enabled: [{name: NodeResourcesFit}]
                """;
        assertThat(placedOn(only, cluster, "cpu=1,memory=1Gi")).isEqualTo("empty");
        assertThat(placedOn(only + """
                pluginConfig:
                - name: NodeResourcesFit
                  args:
                    apiVersion: kubescheduler.config.k8s.io/v1
                    kind: NodeResourcesFitArgs
                    scoringStrategy:
                      type: MostAllocated
                """, cluster, "cpu=1,memory=1Gi")).isEqualTo("used");
        assertThat(placedOn(only + """
                pluginConfig:
                - name: NodeResourcesFit
                  args:
                    scoringStrategy:
                      type: RequestedToCapacityRatio
                      resources: [{name: example.com/gpu, weight: 3}]
                      requestedToCapacityRatio:
                        shape:
                        - {utilization: 0, score: 0}
                        - {utilization: 100, score: 10}
                """, cluster, "example.com/gpu=1")).isEqualTo("used");
        assertThat(placedOn(only + """
                pluginConfig:
                - name: NodeResourcesFit
                  args: {ignoredResources: [example.com/license]}
                - name: NodeAffinity
                  args:
                    addedAffinity:
                      requiredDuringSchedulingIgnoredDuringExecution:
                        nodeSelectorTerms:
                        - matchExpressions:
                          - {key: kubernetes.io/hostname, operator: In, values: [used]}
                """, cluster, "cpu=1,example.com/license=1")).isEqualTo("used");
    }

    private static String placedOn(String profile, Snapshot cluster, String requests) {
        Decision decision = new Decider(profile(profile)).decide(info("p", requests), cluster, 0, 1);
        assertThat(decision).isInstanceOf(Decision.Place.class);
        return ((Decision.Place) decision).node();
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                arguments("profils: []", "strict decoding error: unknown field \"profils\""),
                arguments(
                        "profiles: [{schedulerName: a, plugin: {}}]\nfoo: 1",
                        "strict decoding error: unknown field \"profiles[0].plugin\", unknown field \"foo\""),
                arguments("profiles: []", "profiles: Required value"),
                arguments(
                        "parallelism: 0",
                        "parallelism: Invalid value: 0: should be an integer value greater than zero"),
                arguments("parallelism: many", "strict decoding error: parallelism: expected an integer, not \"many\""),
                arguments(
                        "percentageOfNodesToScore: 101",
                        "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]"),
                arguments(
                        "podInitialBackoffSeconds: 20",
                        "podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to"
                                + " PodInitialBackoffSeconds"),
                arguments(
                        "podInitialBackoffSeconds: 0",
                        "podInitialBackoffSeconds: Invalid value: 0: must be greater than 0"),
                arguments(
                        "leaderElection: {resourceLock: endpoints}",
                        "leaderElection.resourceLock: Invalid value: \"endpoints\": resourceLock value must be \"leases\""),
                arguments(
                        "leaderElection: {leaseDuration: 5s}",
                        "leaderElection.leaseDuration: Invalid value: \"5s\": LeaseDuration must be greater than"
                                + " RenewDeadline"),
                arguments(
                        "leaderElection: {leaseDuration: 5 minutes}",
                        "strict decoding error: leaderElection.leaseDuration: time: invalid duration \"5 minutes\""),
                arguments(
                        "profiles: [{schedulerName: a}, {schedulerName: a}]",
                        "profiles[1].schedulerName: Duplicate value: \"profiles[0].schedulerName\""),
                arguments("profiles: [{schedulerName: ''}]", "profiles[0].schedulerName: Required value"),
                arguments(
                        "profiles: [{plugins: {filter: {enabled: [{name: Nonsense}]}}}]",
                        "profiles[0].plugins: FilterPlugin \"Nonsense\" does not exist"),
                arguments(
                        "profiles: [{plugins: {filter: {enabled: [{name: ImageLocality}]}}}]",
                        "profiles[0].plugins: plugin \"ImageLocality\" does not extend FilterPlugin plugin"),
                arguments(
                        "profiles: [{plugins: {bind: {disabled: [{name: '*'}]}}}]",
                        "profiles[0].plugins: at least one bind plugin is needed for profile with scheduler name"
                                + " \"default-scheduler\""),
                arguments(
                        "extenders: [{urlPrefix: x, prioritizeVerb: p}]",
                        "extenders[0].weight: Invalid value: 0: must have a positive weight applied to it"),
                arguments(
                        "extenders: [{bindVerb: b}, {bindVerb: b}]",
                        "extenders: Invalid value: \"found 2 extenders implementing bind\": only one extender can"
                                + " implement bind"),
                arguments(
                        "extenders: [{managedResources: [{name: a.com/x}]}, {managedResources: [{name: a.com/x}]}]",
                        "extenders[1].managedResources[0].name: Invalid value: \"a.com/x\": duplicate extender managed"
                                + " resource name"),
                arguments("extenders: [{verb: x}]", "strict decoding error: unknown field \"extenders[0].verb\""),
                mistake(
                        "NodeResourcesFit",
                        "{scoringStrategy: {type: Best}}",
                        "scoringStrategy.type: Unsupported value: \"Best\": supported values: \"LeastAllocated\","
                                + " \"MostAllocated\", \"RequestedToCapacityRatio\""),
                mistake(
                        "NodeResourcesFit",
                        "{scoringStrategy: {type: RequestedToCapacityRatio}}",
                        "scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is"
                                + " RequestedToCapacityRatio"),
                mistake(
                        "NodeResourcesFit",
                        "{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape:"
                                + " [{utilization: 50, score: 1}, {utilization: 20, score: 11}]}}}",
                        "scoringStrategy.requestedToCapacityRatio.shape[1].utilization: Invalid value: 20: values must"
                                + " be sorted in increasing order",
                        "scoringStrategy.requestedToCapacityRatio.shape[1].score: Invalid value: 11: not in valid range"
                                + " [0, 10]"),
                mistake(
                        "NodeResourcesFit",
                        "{scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 101}]}}",
                        "scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid"
                                + " range (0, 100]"),
                mistake(
                        "NodeResourcesBalancedAllocation",
                        "{resources: [{name: cpu, weight: 2}]}",
                        "resources[0].weight: Invalid value: 2: must be 1"),
                mistake(
                        "InterPodAffinity",
                        "{hardPodAffinityWeight: 101}",
                        "hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]"),
                mistake(
                        "DefaultPreemption",
                        "{minCandidateNodesPercentage: -1}",
                        "minCandidateNodesPercentage: Invalid value: -1: not in valid range [0, 100]"),
                mistake(
                        "PodTopologySpread",
                        "{defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]}",
                        "defaultingType: Invalid value: \"System\": when .defaultConstraints are not empty"),
                mistake(
                        "PodTopologySpread",
                        "{defaultingType: List, defaultConstraints: [{topologyKey: zone, whenUnsatisfiable: Never}]}",
                        "defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf)",
                        "defaultConstraints[0].whenUnsatisfiable: Unsupported value: \"Never\": supported values:"
                                + " \"DoNotSchedule\", \"ScheduleAnyway\""),
                arguments(
                        "profiles: [{pluginConfig: [{name: NodePorts, args: {speed: 1}}]}]",
                        "strict decoding error: unknown field \"profiles[0].pluginConfig[0].args.speed\""));
    }

    private static Arguments mistake(String plugin, String args, String... messages) {
        List<String> expected = Stream.of(messages)
                .map(message -> "profiles[0].pluginConfig[0].args." + message)
                .toList();
        return arguments(
                "profiles: [{pluginConfig: [{name: " + plugin + ", args: " + args + "}]}]",
                expected.size() == 1 ? expected.getFirst() : "[" + String.join(", ", expected) + "]");
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void mistakesAreNamed(String file, String message) {
        assertThatThrownBy(() -> parse(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void anotherKindIsRefused() {
        assertThatThrownBy(() -> SchedulerConfiguration.parse("kind: Pod\napiVersion: v1\n", List.of()))
                .hasMessageStartingWith("no kind \"Pod\" is registered for version \"v1\"");
        assertThatThrownBy(() -> SchedulerConfiguration.parse("a: [", List.of()))
                .hasMessageStartingWith("no YAML: ");
    }

    private static SchedulerConfiguration parse(String rest) {
        return SchedulerConfiguration.parse(HEAD + rest, List.of());
    }

    private static Profile profile(String text) {
        return parse("profiles:\n- " + text.strip().replace("\n", "\n  ") + "\n")
                .profiles()
                .getFirst();
    }

    private static List<String> names(List<? extends Plugin> plugins) {
        return plugins.stream().map(Plugin::name).toList();
    }

    private static List<String> weights(Profile profile) {
        return profile.scores().stream()
                .map(score -> score.plugin().name() + "=" + score.weight())
                .toList();
    }
}
