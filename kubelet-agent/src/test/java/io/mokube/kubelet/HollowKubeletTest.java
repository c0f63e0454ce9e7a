package io.mokube.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.hollow.HollowRuntime;
import io.mokube.kubelet.runtime.hollow.HollowScript;
import io.mokube.kubelet.runtime.hollow.HollowScript.Ending;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import io.mokube.testkit.FreePort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent against a real API server, with containers that only pretend. */
class HollowKubeletTest {

    @TempDir
    static @Nullable Path folder;

    private static @Nullable TestCluster cluster;

    private HollowRuntime runtime = newRuntime();
    private @Nullable Kubelet kubelet;

    @TempDir
    @Nullable
    Path root;

    private static HollowRuntime newRuntime() {
        return new HollowRuntime(
                "10.99.0.0/24",
                HollowScript.QUIET
                        .withMissingImages(image -> image.contains("absent"))
                        .withEndings(config -> switch (config.command().isEmpty()
                                ? ""
                                : config.command().getFirst()) {
                            case "crash" -> Optional.of(new Ending(Duration.ofMillis(50), 3, false));
                            case "done" -> Optional.of(new Ending(Duration.ofMillis(50), 0, false));
                            default -> Optional.empty();
                        }),
                Clock.system());
    }

    private static TestCluster cluster() {
        return java.util.Objects.requireNonNull(cluster);
    }

    @BeforeAll
    static void startCluster() {
        cluster = TestCluster.start(java.util.Objects.requireNonNull(folder));
    }

    @AfterAll
    static void stopCluster() {
        cluster().close();
    }

    @BeforeEach
    void startKubelet() {
        runtime = newRuntime();
        kubelet = newKubelet();
        Await.until(
                "the agent is ready",
                () -> java.util.Objects.requireNonNull(kubelet).readiness().ready());
    }

    private Kubelet newKubelet() {
        Kubelet agent = new Kubelet(
                KubeletConfig.of(
                                "hollow-1",
                                cluster().credentials(),
                                () -> runtime,
                                java.util.Objects.requireNonNull(root))
                        .withPodCidr("10.99.0.0/24")
                        .withTimings(KubeletConfig.Timings.DEFAULT.withRelist(Duration.ofMillis(50))),
                Platform.system());
        agent.start();
        return agent;
    }

    @AfterEach
    void stopKubelet() {
        for (Pod pod : cluster().pods().list("default", ListOptions.ALL).items()) {
            cluster().pods().delete(PodFacts.key(pod), DeleteOptions.DEFAULT.withGracePeriod(Duration.ofSeconds(1)));
            cluster().awaitGone(pod.getMetadata().getName());
        }
        Await.until(
                "the runtime is empty", () -> runtime.listSandboxes(Map.of()).isEmpty());
        java.util.Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(2));
    }

    @Test
    void registersItsNodeWithALease() {
        Node node = Await.value(
                "the node is ready",
                () -> cluster()
                        .client()
                        .resource(Node.class)
                        .get("", "hollow-1")
                        .filter(found -> found.getStatus().getConditions().stream()
                                .anyMatch(condition -> condition.getType().equals("Ready")
                                        && condition.getStatus().equals("True"))));
        assertThat(node.getMetadata().getLabels()).containsEntry("kubernetes.io/hostname", "hollow-1");
        assertThat(node.getMetadata().getAnnotations())
                .containsEntry("volumes.kubernetes.io/controller-managed-attach-detach", "true");
        assertThat(node.getStatus().getNodeInfo().getContainerRuntimeVersion()).isEqualTo("hollow://1.0.0");
        assertThat(node.getStatus().getCapacity()).containsKeys("cpu", "memory", "pods", "ephemeral-storage");
        assertThat(node.getStatus().getDaemonEndpoints().getKubeletEndpoint().getPort())
                .isPositive();
        Lease lease = Await.value(
                "the lease", () -> cluster().client().resource(Lease.class).get("kube-node-lease", "hollow-1"));
        assertThat(lease.getSpec().getHolderIdentity()).isEqualTo("hollow-1");
    }

    /** As the node lifecycle controller does to a node that is silent. */
    @Test
    void aNodeThatOthersCalledUnknownIsReadyAgain() {
        Node node = cluster().client().resource(Node.class).get("", "hollow-1").orElseThrow();
        node.getStatus().getConditions().forEach(each -> each.setStatus("Unknown"));
        node.getMetadata().setResourceVersion(null);
        cluster().client().resource(Node.class).updateStatus(node);
        Await.until(
                Duration.ofSeconds(30),
                "all conditions are known again",
                () ->
                        cluster()
                                .client()
                                .resource(Node.class)
                                .get("", "hollow-1")
                                .orElseThrow()
                                .getStatus()
                                .getConditions()
                                .stream()
                                .noneMatch(each -> each.getStatus().equals("Unknown")));
    }

    /** Nobody listens there; a host that a probe names may well be somebody. */
    @Test
    void serversInPodsAreTakenToAnswer() {
        Pod served = TestCluster.pod("served", "hollow-1", "example.com/web:1")
                .editSpec()
                .editFirstContainer()
                .addNewPort()
                .withName("web")
                .withContainerPort(8080)
                .endPort()
                .withNewStartupProbe()
                .withNewTcpSocket()
                .withNewPort("web")
                .endTcpSocket()
                .endStartupProbe()
                .withNewReadinessProbe()
                .withNewHttpGet()
                .withPath("/ready")
                .withNewPort(8080)
                .endHttpGet()
                .endReadinessProbe()
                .withNewLivenessProbe()
                .withNewGrpc()
                .withPort(9090)
                .endGrpc()
                .endLivenessProbe()
                .withNewLifecycle()
                .withNewPostStart()
                .withNewHttpGet()
                .withNewPort("web")
                .endHttpGet()
                .endPostStart()
                .endLifecycle()
                .endContainer()
                .endSpec()
                .build();
        cluster().pods().create(served);
        Pod elsewhere = TestCluster.pod("elsewhere", "hollow-1", "example.com/web:1")
                .editSpec()
                .editFirstContainer()
                .withNewReadinessProbe()
                .withNewTcpSocket()
                .withHost("127.0.0.1")
                .withNewPort(FreePort.next())
                .endTcpSocket()
                .endReadinessProbe()
                .endContainer()
                .endSpec()
                .build();
        cluster().pods().create(elsewhere);
        Pod ready = cluster().await("served", "is ready", TestCluster::ready);
        assertThat(ready.getStatus().getContainerStatuses().getFirst().getRestartCount())
                .isZero();
        Await.until(
                "the probe of another host failed",
                () -> cluster().client().resource(Event.class).list("default", ListOptions.ALL).items().stream()
                        .anyMatch(event -> event.getInvolvedObject().getName().equals("elsewhere")
                                && event.getReason().equals("Unhealthy")));
    }

    @Test
    void runsAPodAndTellsEverythingAboutIt() {
        cluster()
                .pods()
                .create(TestCluster.pod("web", "hollow-1", "example.com/web:1").build());
        Pod pod = cluster().await("web", "is ready", TestCluster::ready);
        assertThat(pod.getStatus().getPhase()).isEqualTo("Running");
        assertThat(pod.getStatus().getPodIP()).startsWith("10.99.0.");
        assertThat(pod.getStatus().getPodIPs()).hasSize(1);
        assertThat(pod.getStatus().getHostIP()).isEqualTo("127.0.0.1");
        assertThat(pod.getStatus().getQosClass()).isEqualTo("BestEffort");
        assertThat(pod.getStatus().getStartTime()).isNotNull();
        assertThat(pod.getStatus().getConditions())
                .extracting(io.fabric8.kubernetes.api.model.PodCondition::getType)
                .contains("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled");
        ContainerStatus main = pod.getStatus().getContainerStatuses().getFirst();
        assertThat(main.getReady()).isTrue();
        assertThat(main.getStarted()).isTrue();
        assertThat(main.getRestartCount()).isZero();
        assertThat(main.getState().getRunning().getStartedAt()).isNotNull();
        assertThat(main.getContainerID()).startsWith("hollow://");
        Await.passes(() -> assertThat(cluster()
                        .client()
                        .resource(Event.class)
                        .list("default", ListOptions.ALL)
                        .items())
                .filteredOn(event -> event.getInvolvedObject().getUid().equals(PodFacts.uid(pod)))
                .extracting(Event::getReason)
                .contains("Pulling", "Pulled", "Created", "Started"));
    }

    /** As the node lifecycle controller does to the pods of a silent node. */
    @Test
    void aPodThatOthersCalledUnreadyIsReadyAgain() {
        cluster()
                .pods()
                .create(TestCluster.pod("web", "hollow-1", "example.com/web:1").build());
        Pod ready = cluster().await("web", "is ready", TestCluster::ready);
        ready.getStatus().getConditions().stream()
                .filter(each -> each.getType().equals("Ready"))
                .forEach(each -> each.setStatus("False"));
        ready.getMetadata().setResourceVersion(null);
        Pod overruled = cluster().pods().updateStatus(ready);
        assertThat(TestCluster.ready(overruled)).isFalse();
        cluster().await("web", "is ready again", TestCluster::ready);
    }

    @Test
    void aCrashIsCountedAndTheContainerStartedAgain() {
        cluster()
                .pods()
                .create(TestCluster.pod("crash", "hollow-1", "example.com/web:1", "crash")
                        .build());
        Pod pod = cluster()
                .await(
                        "crash",
                        "waits for its second restart",
                        found -> !found.getStatus().getContainerStatuses().isEmpty()
                                && found.getStatus()
                                                .getContainerStatuses()
                                                .getFirst()
                                                .getState()
                                                .getWaiting()
                                        != null
                                && "CrashLoopBackOff"
                                        .equals(found.getStatus()
                                                .getContainerStatuses()
                                                .getFirst()
                                                .getState()
                                                .getWaiting()
                                                .getReason()));
        ContainerStatus main = pod.getStatus().getContainerStatuses().getFirst();
        assertThat(main.getRestartCount()).isEqualTo(1);
        assertThat(main.getLastState().getTerminated().getExitCode()).isEqualTo(3);
        assertThat(main.getLastState().getTerminated().getReason()).isEqualTo("Error");
        assertThat(main.getState().getWaiting().getMessage())
                .isEqualTo("back-off 10s restarting failed container=main pod=" + PodFacts.title(pod));
        assertThat(pod.getStatus().getPhase()).isEqualTo("Running");
    }

    @Test
    void aPodThatRanToItsEndSucceeds() {
        cluster()
                .pods()
                .create(TestCluster.pod("job", "hollow-1", "example.com/web:1", "done")
                        .editSpec()
                        .withRestartPolicy("Never")
                        .endSpec()
                        .build());
        Pod pod = cluster().awaitPhase("job", "Succeeded");
        assertThat(pod.getStatus()
                        .getContainerStatuses()
                        .getFirst()
                        .getState()
                        .getTerminated()
                        .getReason())
                .isEqualTo("Completed");
        Await.until(
                "its address is given back",
                () -> runtime.listSandboxes(Map.of()).stream().noneMatch(sandbox -> sandbox.ready()));
    }

    @Test
    void anAbsentImageIsWaitedForWithBackOff() {
        cluster()
                .pods()
                .create(TestCluster.pod("noimage", "hollow-1", "example.com/absent:1")
                        .build());
        Pod pod = cluster()
                .await(
                        "noimage",
                        "waits for its image",
                        found -> !found.getStatus().getContainerStatuses().isEmpty()
                                && found.getStatus()
                                                .getContainerStatuses()
                                                .getFirst()
                                                .getState()
                                                .getWaiting()
                                        != null
                                && "ImagePullBackOff"
                                        .equals(found.getStatus()
                                                .getContainerStatuses()
                                                .getFirst()
                                                .getState()
                                                .getWaiting()
                                                .getReason()));
        assertThat(pod.getStatus().getPhase()).isEqualTo("Pending");
    }

    @Test
    void aRestartOfTheAgentTouchesNothing() {
        cluster()
                .pods()
                .create(TestCluster.pod("stays", "hollow-1", "example.com/web:1")
                        .build());
        Pod before = cluster().await("stays", "is ready", TestCluster::ready);
        java.util.Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(2));
        kubelet = newKubelet();
        Await.until(
                "the agent is ready",
                () -> java.util.Objects.requireNonNull(kubelet).readiness().ready());
        Pod after = cluster().await("stays", "is ready", TestCluster::ready);
        assertThat(after.getStatus().getContainerStatuses())
                .isEqualTo(before.getStatus().getContainerStatuses());
        assertThat(after.getStatus().getStartTime())
                .isEqualTo(before.getStatus().getStartTime());
        assertThat(runtime.listContainers(Map.of())).hasSize(1);
    }

    @Test
    void aPodDeletedWhileTheAgentWasAwayIsEnded() {
        cluster()
                .pods()
                .create(TestCluster.pod("orphan", "hollow-1", "example.com/web:1")
                        .build());
        Pod pod = cluster().await("orphan", "is ready", TestCluster::ready);
        java.util.Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(2));
        cluster().pods().delete(PodFacts.key(pod), DeleteOptions.DEFAULT.withGracePeriod(Duration.ZERO));
        cluster().awaitGone("orphan");
        assertThat(runtime.listSandboxes(Map.of())).hasSize(1);
        kubelet = newKubelet();
        Await.until(
                "the orphan is removed", () -> runtime.listSandboxes(Map.of()).isEmpty());
    }
}
