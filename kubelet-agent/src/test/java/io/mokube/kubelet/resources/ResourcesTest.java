package io.mokube.kubelet.resources;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.policy.Threshold.Pressure;
import io.mokube.kubelet.resources.NodeAmounts.Amounts;
import io.mokube.machinery.object.Json;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** What pods ask for, what a node has, and what the kernel is told. */
class ResourcesTest {

    private static final YAMLMapper YAML = YAMLMapper.builder().build();

    /** A pod with this specification. */
    static Pod pod(String uid, String spec) {
        return Json.MAPPER.treeToValue(
                YAML.readTree(
                        "{metadata: {name: " + uid + ", namespace: default, uid: " + uid + "}, spec: " + spec + "}"),
                Pod.class);
    }

    private static Pod asking(String uid, String cpu, String memory) {
        return pod(
                uid,
                "{containers: [{name: c, resources: {requests: {cpu: '" + cpu + "', memory: '" + memory + "'}}}]}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Main containers run together.
                "{containers: [{name: a, resources: {requests: {cpu: 100m}}}, {name: b, resources: {requests: {cpu: 200m}}}]}|300",
                // An init container runs alone, beside the sidecars before it.
                "{initContainers: [{name: i, resources: {requests: {cpu: 900m}}}], containers: [{name: a, resources: {requests: {cpu: 100m}}}]}|900",
                "{initContainers: [{name: s, restartPolicy: Always, resources: {requests: {cpu: 100m}}}, {name: i, resources: {requests: {cpu: 900m}}}], containers: [{name: a, resources: {requests: {cpu: 500m}}}]}|1000",
                "{initContainers: [{name: i, resources: {requests: {cpu: 100m}}}, {name: s, restartPolicy: Always, resources: {requests: {cpu: 200m}}}], containers: [{name: a, resources: {requests: {cpu: 500m}}}]}|700",
                // What the whole pod asks for goes before, its overhead on top.
                "{resources: {requests: {cpu: 2}}, overhead: {cpu: 50m}, containers: [{name: a, resources: {requests: {cpu: 500m}}}]}|2050",
            })
    void requestsAreSummedUp(String spec, long millis) {
        assertThat(PodRequests.request(pod("p", spec), "cpu")).isEqualTo(millis);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{containers: [{name: a}]}|2|0|0|1000",
                "{containers: [{name: a, resources: {requests: {cpu: 250m, memory: 64Mi}}}]}|256|0|0|938",
                "{containers: [{name: a, resources: {limits: {cpu: 500m, memory: 64Mi}}}]}|512|50000|67108864|-997",
                "{containers: [{name: a, resources: {requests: {cpu: 1m}, limits: {cpu: 5m}}}]}|2|1000|0|999",
                "{priority: 2000001000, containers: [{name: a}]}|2|0|0|-997",
            })
    void containersAreLimited(String spec, long shares, long quota, long memory, int oom) {
        Pod pod = pod("p", spec);
        var limits = ContainerLimits.of(pod, pod.getSpec().getContainers().getFirst(), 1L << 30);
        assertThat(limits.cpuShares()).isEqualTo(shares);
        assertThat(limits.cpuQuota()).isEqualTo(quota);
        assertThat(limits.cpuPeriod()).isEqualTo(quota == 0 ? 0 : 100_000);
        assertThat(limits.memoryLimitBytes()).isEqualTo(memory);
        assertThat(limits.oomScoreAdjust()).isEqualTo(oom);
    }

    @Test
    void hugePagesAreLimitedByTheKernelsNames() {
        Pod pod = pod(
                "p",
                "{containers: [{name: a, resources: {limits: {hugepages-2Mi: 4Mi, hugepages-1Gi: 2Gi, cpu: 1}}}]}");
        assertThat(ContainerLimits.of(pod, pod.getSpec().getContainers().getFirst(), 1L << 30)
                        .hugePages())
                .isEqualTo(Map.of("2MB", 4L << 20, "1GB", 2L << 30));
        assertThat(GroupLimits.ofPod(pod, OptionalLong.empty()).firstVersion().get("hugetlb"))
                .containsEntry("hugetlb.2MB.limit_in_bytes", "4194304");
    }

    @Test
    void aPodsGroupIsLimitedWhenAllItsContainersAre() {
        String limited = "{name: a, resources: {limits: {cpu: 1, memory: 64Mi}}}";
        GroupLimits both = GroupLimits.ofPod(
                pod("p", "{containers: [" + limited + ", " + limited.replace("name: a", "name: b") + "]}"),
                OptionalLong.of(100));
        assertThat(both.firstVersion())
                .isEqualTo(Map.of(
                        "cpu",
                        Map.of("cpu.shares", "2", "cpu.cfs_period_us", "100000", "cpu.cfs_quota_us", "200000"),
                        "memory",
                        Map.of("memory.limit_in_bytes", "134217728"),
                        "pids",
                        Map.of("pids.max", "100"),
                        "hugetlb",
                        Map.of()));
        assertThat(both.secondVersion())
                .isEqualTo(Map.of(
                        "cpu.weight", "1", "cpu.max", "200000 100000", "memory.max", "134217728", "pids.max", "100"));
        GroupLimits one =
                GroupLimits.ofPod(pod("p", "{containers: [" + limited + ", {name: b}]}"), OptionalLong.empty());
        assertThat(one.secondVersion())
                .containsEntry("cpu.max", "max 100000")
                .containsEntry("memory.max", "max")
                .containsEntry("pids.max", "max");
    }

    @ParameterizedTest
    @CsvSource({"2,1", "1024,39", "262144,10000"})
    void sharesAreWeights(long shares, long weight) {
        assertThat(GroupLimits.weight(shares)).isEqualTo(weight);
    }

    @Test
    void classesWeighAsMuchAsTheirPodsAskFor() {
        List<Pod> pods =
                List.of(asking("a", "500m", "1Mi"), asking("b", "500m", "1Mi"), pod("c", "{containers: [{name: c}]}"));
        assertThat(GroupLimits.ofClass("Burstable", pods).cpuShares()).isEqualTo(1024);
        assertThat(GroupLimits.ofClass("BestEffort", pods).cpuShares()).isEqualTo(2);
    }

    @Test
    void whatIsReservedIsNotForPods() {
        NodePolicy policy = NodePolicy.parse("""
                kind: KubeletConfiguration
                apiVersion: kubelet.config.k8s.io/v1beta1
                kubeReserved: {cpu: 200m, memory: 100Mi, pid: 500}
                systemReserved: {cpu: 300m, memory: 100Mi, pid: 500}
                evictionHard: {memory.available: 24Mi, nodefs.available: 10%}
                """);
        NodeAmounts amounts = NodeAmounts.of(new Amounts(2000, 1 << 30, 1000), 32768, policy);
        assertThat(amounts.forPods()).isEqualTo(new Amounts(1500, 824 << 20, 1000));
        assertThat(amounts.allocatable()).isEqualTo(new Amounts(1500, 800 << 20, 900));
        assertThat(amounts.pidsForPods()).isEqualTo(31768);
    }

    private static final Admission.Node NODE =
            new Admission.Node(new Amounts(1000, 100 << 20, 1 << 30), 3, Set.of(), false);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "600m|1Mi|OutOfcpu|Node didn't have enough resource: cpu, requested: 600, used: 500, capacity: 1000",
                "1m|99Mi|OutOfmemory|Node didn't have enough resource: memory, requested: 103809024, used: 10485760, capacity: 104857600",
                "500m|90Mi||",
            })
    void aPodThatDoesNotFitIsRefused(String cpu, String memory, String reason, String message) {
        var refusal = Admission.refusal(asking("new", cpu, memory), List.of(asking("old", "500m", "10Mi")), NODE);
        if (reason == null) {
            assertThat(refusal).isEmpty();
        } else {
            assertThat(refusal).contains(new Admission.Refusal(reason, message));
        }
    }

    @Test
    void aNodeTakesSoManyPodsAndNoMore() {
        Pod small = pod("s", "{containers: [{name: c}]}");
        assertThat(Admission.refusal(small, List.of(small, small), NODE)).isEmpty();
        assertThat(Admission.refusal(small, List.of(small, small, small), NODE))
                .contains(new Admission.Refusal(
                        "OutOfpods", "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3"));
    }

    @Test
    void underPressureOnlySomeComeIn() {
        Pod bestEffort = pod("b", "{containers: [{name: c}]}");
        Pod tolerant = pod(
                "b",
                "{tolerations: [{key: node.kubernetes.io/memory-pressure, operator: Exists}], containers: [{name: c}]}");
        Pod critical = pod("b", "{priority: 2000000000, containers: [{name: c}]}");
        Pod burstable = asking("a", "1m", "1Mi");
        Admission.Node memory = pressed(Set.of(Pressure.MEMORY));
        Admission.Node disk = pressed(Set.of(Pressure.MEMORY, Pressure.DISK));
        assertThat(Admission.refusal(bestEffort, List.of(), memory))
                .contains(new Admission.Refusal("Evicted", "The node had condition: [MemoryPressure]. "));
        assertThat(Admission.refusal(tolerant, List.of(), memory)).isEmpty();
        assertThat(Admission.refusal(burstable, List.of(), memory)).isEmpty();
        assertThat(Admission.refusal(burstable, List.of(), disk))
                .contains(new Admission.Refusal("Evicted", "The node had condition: [MemoryPressure DiskPressure]. "));
        assertThat(Admission.refusal(critical, List.of(), disk)).isEmpty();
        assertThat(Admission.refusal(critical, List.of(), new Admission.Node(NODE.allocatable(), 3, Set.of(), true)))
                .contains(new Admission.Refusal("NodeShutdown", "Pod was rejected as the node is shutting down."));
    }

    private static Admission.Node pressed(Set<Pressure> pressures) {
        return new Admission.Node(NODE.allocatable(), NODE.maxPods(), pressures, false);
    }

    @Test
    void aResizeIsGrantedWhereThereIsRoom() {
        List<Pod> others = List.of(asking("old", "500m", "10Mi"));
        assertThat(Resize.decide(asking("a", "500m", "1Mi"), others, NODE)).isEqualTo(new Resize.Verdict.Granted());
        assertThat(Resize.decide(asking("a", "600m", "1Mi"), others, NODE))
                .isEqualTo(new Resize.Verdict.Deferred(
                        "Node didn't have enough resource: cpu, requested: 600, used: 500, capacity: 1000"));
        assertThat(Resize.decide(asking("a", "5", "1Mi"), others, NODE))
                .isEqualTo(new Resize.Verdict.Infeasible(
                        "Node didn't have enough capacity: cpu, requested: 5000, capacity: 1000"));
        assertThat(Resize.decide(asking("a", "5", "1Gi"), others, NODE))
                .isEqualTo(new Resize.Verdict.Infeasible(
                        "Node didn't have enough capacity: memory, requested: 1073741824, capacity: 104857600"));
    }
}
