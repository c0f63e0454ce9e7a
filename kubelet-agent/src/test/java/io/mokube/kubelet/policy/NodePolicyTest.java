package io.mokube.kubelet.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.kubelet.policy.Threshold.Amount;
import io.mokube.kubelet.policy.Threshold.Signal;
import io.mokube.machinery.quantity.Quantity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of kind KubeletConfiguration. */
class NodePolicyTest {

    private static NodePolicy parse(String fields) {
        return NodePolicy.parse("kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\n" + fields);
    }

    @Test
    void whatIsNotSaidIsAsInKubernetes() {
        NodePolicy policy = parse("");
        assertThat(policy.eviction()).isEqualTo(NodePolicy.DEDICATED_MACHINE.eviction());
        assertThat(policy.eviction().hard(Signal.MEMORY)).isEqualTo(new Amount(100 << 20, 0));
        assertThat(policy.eviction().hard(Signal.IMAGE_DISK)).isEqualTo(new Amount(0, 15));
        assertThat(policy.eviction().hard(Signal.PIDS)).isEqualTo(Amount.ZERO);
        assertThat(policy.images()).isEqualTo(NodePolicy.Images.DEFAULT);
        assertThat(policy.podPids()).isEmpty();
        assertThat(policy.shutdown().configured()).isFalse();
        assertThat(policy.verification()).isEqualTo(PullVerification.DEFAULT);
    }

    @Test
    void timesToEndMayGoByPriority() {
        assertThat(parse("""
                        shutdownGracePeriodByPodPriority:
                          - {priority: 1000, shutdownGracePeriodSeconds: 20}
                          - {priority: -1, shutdownGracePeriodSeconds: 5}
                        """).shutdown().periods())
                .containsExactly(
                        new NodePolicy.Shutdown.Period(-1, Duration.ofSeconds(5)),
                        new NodePolicy.Shutdown.Period(1000, Duration.ofSeconds(20)));
        String both = """
                shutdownGracePeriod: 1m
                shutdownGracePeriodByPodPriority: [{priority: 0, shutdownGracePeriodSeconds: 1}]
                """;
        assertThatThrownBy(() -> parse(both)).hasMessageContaining("cannot specify both");
    }

    @Test
    void everythingIsRead() {
        NodePolicy policy = parse("""
                kubeReserved: {cpu: 500m, memory: 1Gi}
                systemReserved: {ephemeral-storage: 1Gi, pid: "1000"}
                evictionHard: {pid.available: 10%}
                evictionSoft: {memory.available: 1Gi}
                evictionSoftGracePeriod: {memory.available: 1m30s}
                evictionMinimumReclaim: {memory.available: 200Mi}
                evictionPressureTransitionPeriod: 30s
                evictionMaxPodGracePeriod: 60
                imageGCHighThresholdPercent: 70
                imageGCLowThresholdPercent: 60
                imageMinimumGCAge: 1h
                podPidsLimit: 64
                maxPods: 20
                staticPodPath: /etc/kubernetes/manifests
                shutdownGracePeriod: 30s
                shutdownGracePeriodCriticalPods: 10s
                imagePullCredentialsVerificationPolicy: NeverVerifyAllowlistedImages
                preloadedImagesVerificationAllowlist: [registry.test/*]
                cgroupDriver: systemd
                """);
        assertThat(policy.kubeReserved())
                .isEqualTo(Map.of("cpu", Quantity.parse("500m"), "memory", Quantity.parse("1Gi")));
        // Hard thresholds are replaced as a whole.
        assertThat(policy.eviction().thresholds())
                .containsExactlyInAnyOrder(
                        new Threshold(Signal.PIDS, new Amount(0, 10), Duration.ZERO, Amount.ZERO),
                        new Threshold(
                                Signal.MEMORY,
                                new Amount(1 << 30, 0),
                                Duration.ofSeconds(90),
                                new Amount(200 << 20, 0)));
        assertThat(policy.eviction().transition()).isEqualTo(Duration.ofSeconds(30));
        assertThat(policy.eviction().longestGrace()).isEqualTo(Duration.ofMinutes(1));
        assertThat(policy.images()).isEqualTo(new NodePolicy.Images(70, 60, Duration.ofHours(1), Duration.ZERO));
        assertThat(policy.podPids()).isEqualTo(OptionalLong.of(64));
        assertThat(policy.maxPods()).hasValue(20);
        assertThat(policy.staticPods()).contains(Path.of("/etc/kubernetes/manifests"));
        assertThat(policy.shutdown()).isEqualTo(NodePolicy.Shutdown.of(Duration.ofSeconds(30), Duration.ofSeconds(10)));
        assertThat(policy.verification())
                .isEqualTo(new PullVerification(
                        PullVerification.Policy.NEVER_VERIFY_ALLOWLISTED_IMAGES, List.of("registry.test/*")));
        assertThat(policy.ignored()).isEqualTo(Set.of("cgroupDriver"));
    }

    @Test
    void defaultThresholdsAreMergedOnRequestAndSwitchedOffByZero() {
        NodePolicy policy = parse("mergeDefaultEvictionSettings: true\nevictionHard: {nodefs.available: 0%}\n");
        assertThat(policy.eviction().hard(Signal.NODE_DISK)).isEqualTo(Amount.ZERO);
        assertThat(policy.eviction().hard(Signal.MEMORY)).isEqualTo(new Amount(100 << 20, 0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "evictionSoft: {memory.available: 1Gi}|grace period must be specified",
                "evictionHard: {moon.available: 1Gi}|unknown eviction signal moon.available",
                "evictionHard: {memory.available: much}|quantities must match",
                "imageGCLowThresholdPercent: 90|must be less than imageGCHighThresholdPercent",
                "shutdownGracePeriodCriticalPods: 10s|must be less than or equal to shutdownGracePeriod",
                "shutdownGracePeriodByPodPriority: [{priority: low}]|expected a priority",
                "imagePullCredentialsVerificationPolicy: Perhaps|unknown policy \"Perhaps\"",
                "preloadedImagesVerificationAllowlist: [registry.test/a]|can't set without",
                "kubeReserved: {gold: 1}|cannot reserve \"gold\"",
                "evictionPressureTransitionPeriod: soon|\"soon\" is no duration",
                "podPidsLimit: many|expected a whole number",
            })
    void mistakesAreNamed(String fields, String complaint) {
        assertThatThrownBy(() -> parse(fields))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(complaint);
    }

    @ParameterizedTest
    @CsvSource({"1m30s,90000", "500ms,500", "1h,3600000", "0,0", "1.5s,1500"})
    void durationsAreThoseOfGo(String text, long millis) {
        assertThat(GoDuration.parse(text)).isEqualTo(Duration.ofMillis(millis));
    }
}
