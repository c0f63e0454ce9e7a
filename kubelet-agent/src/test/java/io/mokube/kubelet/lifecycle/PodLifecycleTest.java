package io.mokube.kubelet.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mokube.kubelet.lifecycle.ProbeVerdict.Failed;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedContainer;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedSandbox;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decisions about pods: what the runtime shows, and what follows. */
class PodLifecycleTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    /** One pod, what the runtime has of it, and the decisions so far. */
    private static final class Scene {
        private Pod pod;
        private boolean wanted = true;
        private boolean holdsDevices;
        private boolean roomWanted;
        private Instant now = START;
        private final List<ObservedSandbox> sandboxes = new ArrayList<>();
        private final List<ObservedContainer> containers = new ArrayList<>();
        private final Map<String, ProbeVerdict> probes = new HashMap<>();
        private Set<String> busy = Set.of();
        private PodState state = PodState.initial(new PodStatus());
        private @Nullable Plan last;

        Scene(Pod pod) {
            this.pod = pod;
        }

        Plan plan() {
            Plan plan = PodLifecycle.plan(
                    new PodInputs(
                            pod,
                            wanted,
                            new RuntimeView("test", List.copyOf(sandboxes), List.copyOf(containers)),
                            probes,
                            busy,
                            List.of("192.0.2.1"),
                            now,
                            null,
                            Resizing.NONE,
                            holdsDevices,
                            roomWanted),
                    state);
            state = plan.state();
            last = plan;
            return plan;
        }

        Scene sandbox(boolean ready) {
            sandboxes.removeIf(sandbox -> sandbox.id().equals("s0"));
            sandboxes.add(new ObservedSandbox("s0", 0, ready, START, ready ? List.of("10.0.0.9") : List.of()));
            return this;
        }

        Scene running(String name, int attempt) {
            return put(name, attempt, State.RUNNING, 0, "");
        }

        Scene exited(String name, int attempt, int code) {
            return put(name, attempt, State.EXITED, code, "");
        }

        Scene put(String name, int attempt, State state, int code, String reason) {
            String id = name + attempt;
            containers.removeIf(container -> container.id().equals(id));
            containers.add(new ObservedContainer(
                    id,
                    name,
                    attempt,
                    "s0",
                    state,
                    now,
                    now,
                    state == State.EXITED ? now : null,
                    code,
                    "image",
                    "sha256:1",
                    "",
                    reason,
                    ""));
            return this;
        }

        Scene fail(Action action, String reason) {
            return fail(action, reason, "image");
        }

        Scene fail(Action action, String reason, String image) {
            state = state.after(action, new ActionResult.Failed(reason, "why", image), now);
            return this;
        }

        Scene done(Action action) {
            state = state.after(action, new ActionResult.Done(), now);
            return this;
        }

        Scene pass(Duration time) {
            now = now.plus(time);
            return this;
        }

        ContainerStatus main() {
            return java.util.Objects.requireNonNull(last)
                    .status()
                    .getContainerStatuses()
                    .getFirst();
        }

        String condition(String type) {
            return java.util.Objects.requireNonNull(last).status().getConditions().stream()
                    .filter(condition -> condition.getType().equals(type))
                    .findFirst()
                    .orElseThrow()
                    .getStatus();
        }
    }

    private static PodBuilder pod(String policy) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("ns")
                .withUid("u")
                .withGeneration(4L)
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy(policy)
                .withTerminationGracePeriodSeconds(30L)
                .addNewContainer()
                .withName("main")
                .withImage("image")
                .endContainer()
                .endSpec();
    }

    private static PodBuilder withInit(String policy, @Nullable String restart) {
        return pod(policy)
                .editSpec()
                .addNewInitContainer()
                .withName("init")
                .withImage("image")
                .withRestartPolicy(restart)
                .endInitContainer()
                .endSpec();
    }

    private static Pod deleted(Pod pod, long grace) {
        return new PodBuilder(pod)
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:30Z")
                .withDeletionGracePeriodSeconds(grace)
                .endMetadata()
                .build();
    }

    private static List<Action> starts(Plan plan) {
        return plan.actions().stream()
                .filter(Action.StartContainer.class::isInstance)
                .toList();
    }

    @Test
    void aNewPodGetsASandboxThenItsContainer() {
        Scene scene = new Scene(pod("Always").build());
        Plan first = scene.plan();
        assertThat(first.actions()).containsExactly(new Action.RunSandbox(0));
        assertThat(first.status().getPhase()).isEqualTo("Pending");
        assertThat(scene.main().getState().getWaiting().getReason()).isEqualTo("ContainerCreating");
        assertThat(scene.condition("PodReadyToStartContainers")).isEqualTo("False");
        scene.busy = Set.of("sandbox");
        assertThat(scene.plan().actions()).isEmpty();
        scene.busy = Set.of();
        Plan second = scene.sandbox(true).plan();
        assertThat(second.actions()).containsExactly(new Action.StartContainer("main", "s0", 0));
        assertThat(second.status().getPodIP()).isEqualTo("10.0.0.9");
        assertThat(scene.condition("PodReadyToStartContainers")).isEqualTo("True");
        scene.busy = Set.of("start/main");
        assertThat(scene.plan().actions()).isEmpty();
        scene.busy = Set.of();
        Plan third = scene.running("main", 0).plan();
        assertThat(third.actions()).isEmpty();
        assertThat(third.status().getPhase()).isEqualTo("Running");
        assertThat(third.status().getObservedGeneration()).isEqualTo(4);
        assertThat(third.status().getHostIP()).isEqualTo("192.0.2.1");
        assertThat(scene.condition("Ready")).isEqualTo("True");
        assertThat(scene.main().getContainerID()).isEqualTo("test://main0");
        assertThat(scene.main().getStarted()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "Always,0,true,Running",
        "Always,1,true,Running",
        "OnFailure,0,false,Succeeded",
        "OnFailure,1,true,Running",
        "Never,0,false,Succeeded",
        "Never,1,false,Failed"
    })
    void whatFollowsTheEndOfTheContainer(String policy, int code, boolean restarts, String phase) {
        Scene scene = new Scene(pod(policy).build()).sandbox(true).running("main", 0);
        scene.plan();
        Plan plan = scene.exited("main", 0, code).plan();
        assertThat(plan.status().getPhase()).isEqualTo(phase);
        assertThat(scene.main().getState().getTerminated().getReason()).isEqualTo(code == 0 ? "Completed" : "Error");
        if (restarts) {
            assertThat(plan.actions()).containsExactly(new Action.StartContainer("main", "s0", 1));
        } else {
            assertThat(plan.actions()).containsExactly(new Action.StopSandbox("s0"));
            assertThat(scene.condition("Ready")).isEqualTo("False");
        }
    }

    @Test
    void aPodThatEndedNeverRunsAgain() {
        Scene scene = new Scene(pod("Never").build()).sandbox(true).exited("main", 0, 0);
        scene.plan();
        scene.done(new Action.StopSandbox("s0")).sandbox(false);
        scene.done(new Action.ReleaseVolumes());
        assertThat(scene.plan().actions()).isEmpty();
        scene.sandboxes.clear();
        scene.containers.clear();
        Plan plan = scene.plan();
        assertThat(plan.actions()).isEmpty();
        assertThat(plan.status().getPhase()).isEqualTo("Succeeded");
        assertThat(scene.main().getState().getTerminated().getExitCode()).isZero();
    }

    @Test
    void restartsWaitLongerEachTimeAndAreForgivenAfterPeace() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).running("main", 0);
        scene.plan();
        List<Long> delays = new ArrayList<>();
        for (int attempt = 0; attempt < 8; attempt++) {
            scene.exited("main", attempt, 1);
            Instant ended = scene.now;
            Plan plan = scene.plan();
            if (starts(plan).isEmpty()) {
                assertThat(scene.main().getState().getWaiting().getReason()).isEqualTo("CrashLoopBackOff");
                assertThat(scene.main().getLastState().getTerminated().getExitCode())
                        .isEqualTo(1);
                assertThat(plan.events()).extracting(PodEvent::reason).containsExactly("BackOff");
                assertThat(scene.plan().events()).isEmpty();
                Instant wakeUp = java.util.Objects.requireNonNull(plan.wakeUp());
                scene.now = wakeUp.minusMillis(1);
                assertThat(starts(scene.plan())).isEmpty();
                scene.now = wakeUp;
                plan = scene.plan();
            }
            delays.add(Duration.between(ended, scene.now).toSeconds());
            assertThat(plan.actions()).contains(new Action.StartContainer("main", "s0", attempt + 1));
            scene.running("main", attempt + 1);
            scene.plan();
        }
        assertThat(delays).containsExactly(0L, 10L, 20L, 40L, 80L, 160L, 300L, 300L);
        scene.pass(Duration.ofMinutes(11)).exited("main", 8, 1);
        assertThat(scene.plan().actions()).contains(new Action.StartContainer("main", "s0", 9));
        assertThat(scene.main().getRestartCount()).isEqualTo(8);
    }

    @Test
    void outOfMemoryIsSaid() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).put("main", 0, State.EXITED, 137, "OOMKilled");
        scene.plan();
        assertThat(scene.main().getState().getTerminated().getReason()).isEqualTo("OOMKilled");
    }

    @Test
    void aFailedPullIsShownAndThenWaitedFor() {
        Action start = new Action.StartContainer("main", "s0", 0);
        Scene scene = new Scene(pod("Always").build()).sandbox(true).fail(start, "ErrImagePull");
        Plan plan = scene.plan();
        assertThat(plan.actions()).isEmpty();
        assertThat(scene.main().getState().getWaiting().getReason()).isEqualTo("ErrImagePull");
        assertThat(plan.wakeUp()).isEqualTo(START.plusSeconds(2));
        Plan waiting = scene.pass(Duration.ofSeconds(3)).plan();
        assertThat(scene.main().getState().getWaiting().getReason()).isEqualTo("ImagePullBackOff");
        assertThat(waiting.events())
                .extracting(PodEvent::message)
                .containsExactly("Back-off pulling image \"image\"", "Error: ImagePullBackOff");
        assertThat(scene.plan().events()).isEmpty();
        assertThat(waiting.wakeUp()).isEqualTo(START.plusSeconds(10));
        assertThat(scene.pass(Duration.ofSeconds(7)).plan().actions()).containsExactly(start);
        scene.fail(start, "ErrImagePull").plan();
        assertThat(scene.pass(Duration.ofSeconds(19)).plan().actions()).isEmpty();
        assertThat(scene.pass(Duration.ofSeconds(1)).plan().actions()).containsExactly(start);
        scene.done(start).running("main", 0).plan();
        assertThat(scene.state.failures()).isEmpty();
    }

    @Test
    void theImageOfAVolumeIsWaitedForByItsOwnName() {
        Action start = new Action.StartContainer("main", "s0", 0);
        Scene scene = new Scene(pod("Always").build()).sandbox(true).fail(start, "ErrImagePull", "tools");
        Plan waiting = scene.pass(Duration.ofSeconds(3)).plan();
        assertThat(scene.main().getState().getWaiting().getReason()).isEqualTo("ImagePullBackOff");
        assertThat(scene.main().getState().getWaiting().getMessage())
                .isEqualTo("Back-off pulling image \"tools\": ErrImagePull: why");
        // The first is about the pod, the second about the container that waits.
        assertThat(waiting.events())
                .extracting(PodEvent::message, PodEvent::fieldPath)
                .containsExactly(
                        tuple("Back-off pulling image \"tools\"", ""),
                        tuple("Error: ImagePullBackOff", "spec.containers{main}"));
    }

    @ParameterizedTest
    @CsvSource({"ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError"})
    void otherFailuresToStartAreShownByTheirReason(String reason) {
        Action start = new Action.StartContainer("main", "s0", 0);
        Scene scene = new Scene(pod("Always").build()).sandbox(true).fail(start, reason);
        assertThat(scene.plan().actions()).isEmpty();
        assertThat(scene.main().getState().getWaiting().getReason()).isEqualTo(reason);
        assertThat(scene.main().getState().getWaiting().getMessage()).isEqualTo("why");
        assertThat(scene.pass(Duration.ofSeconds(10)).plan().actions()).containsExactly(start);
    }

    @Test
    void aSandboxThatCanNotBeMadeIsTriedAgainLater() {
        Scene scene = new Scene(pod("Always").build());
        scene.plan();
        scene.fail(new Action.RunSandbox(0), "FailedCreatePodSandBox");
        Plan plan = scene.plan();
        assertThat(plan.actions()).isEmpty();
        assertThat(plan.wakeUp()).isEqualTo(START.plusSeconds(1));
        assertThat(scene.pass(Duration.ofSeconds(1)).plan().actions()).containsExactly(new Action.RunSandbox(0));
    }

    @Test
    void aLostSandboxIsMadeAnewWithAllItsContainers() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).running("main", 0);
        scene.plan();
        scene.sandbox(false).exited("main", 0, 137);
        Plan plan = scene.plan();
        assertThat(plan.actions()).containsExactly(new Action.StopSandbox("s0"));
        assertThat(plan.events()).extracting(PodEvent::reason).containsExactly("SandboxChanged");
        scene.done(new Action.StopSandbox("s0"));
        assertThat(scene.plan().actions()).containsExactly(new Action.RunSandbox(1));
        scene.sandboxes.add(new ObservedSandbox("s1", 1, true, START.plusSeconds(5), List.of("10.0.0.10")));
        assertThat(scene.plan().actions()).contains(new Action.StartContainer("main", "s1", 1));
    }

    // ---- init containers

    @Test
    void initContainersGoFirstAndMayBeTriedAgain() {
        Scene scene = new Scene(withInit("Always", null).build()).sandbox(true);
        assertThat(scene.plan().actions()).containsExactly(new Action.StartContainer("init", "s0", 0));
        assertThat(scene.main().getState().getWaiting().getReason()).isEqualTo("PodInitializing");
        assertThat(scene.running("init", 0).plan().actions()).isEmpty();
        assertThat(scene.condition("Initialized")).isEqualTo("False");
        assertThat(scene.exited("init", 0, 1).plan().actions())
                .containsExactly(new Action.StartContainer("init", "s0", 1));
        Plan done = scene.exited("init", 1, 0).plan();
        assertThat(done.actions()).containsExactly(new Action.StartContainer("main", "s0", 0));
        assertThat(scene.condition("Initialized")).isEqualTo("True");
        assertThat(done.status().getInitContainerStatuses().getFirst().getReady())
                .isTrue();
    }

    @Test
    void aFailedInitContainerFailsAPodThatNeverRestarts() {
        Scene scene = new Scene(withInit("Never", null).build()).sandbox(true).exited("init", 0, 1);
        Plan plan = scene.plan();
        assertThat(plan.status().getPhase()).isEqualTo("Failed");
        assertThat(plan.actions()).containsExactly(new Action.StopSandbox("s0"));
    }

    @Test
    void aPodThatEndedGivesItsVolumesBackOnceAndTheRestWhenItIsDeleted() {
        Scene scene = new Scene(pod("Never").build()).sandbox(true).exited("main", 0, 0);
        assertThat(scene.plan().actions()).containsExactly(new Action.StopSandbox("s0"));
        scene.done(new Action.StopSandbox("s0")).sandbox(false);
        assertThat(scene.plan().actions()).containsExactly(new Action.ReleaseVolumes());
        scene.fail(new Action.ReleaseVolumes(), "FailedMount");
        assertThat(scene.plan().actions()).containsExactly(new Action.ReleaseVolumes());
        scene.done(new Action.ReleaseVolumes());
        assertThat(scene.plan().actions()).isEmpty();
        scene.pod = deleted(scene.pod, 30);
        scene.plan();
        scene.sandboxes.clear();
        scene.containers.clear();
        assertThat(scene.plan().actions()).containsExactly(new Action.CleanUp());
        scene.done(new Action.CleanUp());
        assertThat(scene.plan().actions()).containsExactly(new Action.DeleteObject());
    }

    @Test
    void sidecarsRunBesideTheMainContainersAndEndAfterThem() {
        Scene scene = new Scene(withInit("Never", "Always").build()).sandbox(true);
        assertThat(scene.plan().actions()).containsExactly(new Action.StartContainer("init", "s0", 0));
        assertThat(scene.running("init", 0).plan().actions())
                .containsExactly(new Action.StartContainer("main", "s0", 0));
        scene.running("main", 0);
        assertThat(scene.plan().status().getPhase()).isEqualTo("Running");
        assertThat(scene.exited("init", 0, 0).plan().actions())
                .containsExactly(new Action.StartContainer("init", "s0", 1));
        scene.running("init", 1).exited("main", 0, 0);
        Plan end = scene.plan();
        assertThat(end.actions()).containsExactly(new Action.StopContainer("init1", "init", Duration.ofSeconds(30)));
        assertThat(scene.exited("init", 1, 143).plan().status().getPhase()).isEqualTo("Succeeded");
    }

    // ---- probes

    @Test
    void probesDecideReadinessAndRestarts() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).running("main", 0);
        scene.probes.put("main0", new ProbeVerdict(false, false, Failed.NONE));
        scene.plan();
        assertThat(scene.main().getStarted()).isFalse();
        assertThat(scene.condition("ContainersReady")).isEqualTo("False");
        scene.probes.put("main0", new ProbeVerdict(true, true, Failed.NONE));
        scene.plan();
        assertThat(scene.main().getReady()).isTrue();
        scene.probes.put("main0", new ProbeVerdict(true, true, Failed.LIVENESS));
        Plan plan = scene.plan();
        assertThat(plan.actions()).containsExactly(new Action.StopContainer("main0", "main", Duration.ofSeconds(30)));
        assertThat(plan.events())
                .extracting(PodEvent::message)
                .containsExactly("Container main failed liveness probe, will be restarted");
        assertThat(scene.plan().events()).isEmpty();
    }

    @Test
    void aReadinessGateHoldsBackReady() {
        Pod pod = pod("Always")
                .editSpec()
                .addNewReadinessGate("example.com/gate")
                .endSpec()
                .build();
        Scene scene = new Scene(pod).sandbox(true).running("main", 0);
        scene.plan();
        assertThat(scene.condition("ContainersReady")).isEqualTo("True");
        assertThat(scene.condition("Ready")).isEqualTo("False");
    }

    // ---- the end

    @Test
    void aDeletedPodEndsStepByStepAndItsObjectGoesLast() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).running("main", 0);
        scene.plan();
        scene.pod = deleted(scene.pod, 5);
        Plan stop = scene.plan();
        assertThat(stop.actions()).containsExactly(new Action.StopContainer("main0", "main", Duration.ofSeconds(5)));
        assertThat(stop.events()).extracting(PodEvent::message).containsExactly("Stopping container main");
        assertThat(stop.status().getPhase()).isEqualTo("Running");
        assertThat(stop.giveUpPulls()).isTrue();
        scene.exited("main", 0, 143);
        Plan ended = scene.plan();
        assertThat(ended.actions()).containsExactly(new Action.StopSandbox("s0"));
        assertThat(ended.status().getPhase()).isEqualTo("Failed");
        scene.done(new Action.StopSandbox("s0")).sandbox(false);
        assertThat(scene.plan().actions()).containsExactly(new Action.RemoveSandbox("s0"));
        scene.sandboxes.clear();
        scene.containers.clear();
        assertThat(scene.plan().actions()).containsExactly(new Action.CleanUp());
        scene.done(new Action.CleanUp());
        Plan last = scene.plan();
        assertThat(last.actions()).containsExactly(new Action.DeleteObject());
        assertThat(last.finished()).isFalse();
        assertThat(scene.main().getState().getTerminated().getExitCode()).isEqualTo(143);
        scene.wanted = false;
        assertThat(scene.plan().finished()).isTrue();
    }

    @Test
    void theGracePeriodRunsFromTheFirstSightOfTheDeletion() {
        Scene scene =
                new Scene(deleted(pod("Always").build(), 20)).sandbox(true).running("main", 0);
        scene.plan();
        assertThat(scene.pass(Duration.ofSeconds(15)).plan().actions())
                .containsExactly(new Action.StopContainer("main0", "main", Duration.ofSeconds(5)));
        assertThat(scene.pass(Duration.ofSeconds(15)).plan().actions())
                .containsExactly(new Action.StopContainer("main0", "main", Duration.ofSeconds(1)));
    }

    @Test
    void aDeletedPodStartsNothingAndWaitsForWhatIsBeingStarted() {
        Scene scene = new Scene(deleted(pod("Always").build(), 5));
        scene.busy = Set.of("sandbox");
        assertThat(scene.plan().actions()).isEmpty();
        scene.busy = Set.of();
        scene.sandbox(true);
        assertThat(scene.plan().actions()).containsExactly(new Action.StopSandbox("s0"));
    }

    @Test
    void aPodOnlyTheRuntimeKnowsIsEndedWithoutDeletingAnObject() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).running("main", 0);
        scene.wanted = false;
        assertThat(scene.plan().actions()).hasOnlyElementsOfType(Action.StopContainer.class);
        scene.exited("main", 0, 0);
        scene.plan();
        scene.done(new Action.StopSandbox("s0"));
        scene.plan();
        scene.sandboxes.clear();
        scene.containers.clear();
        scene.done(new Action.CleanUp());
        Plan plan = scene.plan();
        assertThat(plan.actions()).isEmpty();
        assertThat(plan.finished()).isTrue();
    }

    @Test
    void aDeadlineEndsThePod() {
        Pod pod = pod("Always")
                .editSpec()
                .withActiveDeadlineSeconds(60L)
                .endSpec()
                .build();
        Scene scene = new Scene(pod).sandbox(true).running("main", 0);
        assertThat(scene.plan().wakeUp()).isNull();
        assertThat(scene.plan().wakeUp()).isEqualTo(START.plusSeconds(60));
        Plan plan = scene.pass(Duration.ofSeconds(60)).plan();
        assertThat(plan.actions()).hasOnlyElementsOfType(Action.StopContainer.class);
        // Not before nothing runs any more.
        assertThat(plan.status().getPhase()).isEqualTo("Running");
        assertThat(plan.status().getReason()).isNull();
        assertThat(plan.events()).extracting(PodEvent::reason).containsOnlyOnce("DeadlineExceeded");
        assertThat(scene.plan().events()).extracting(PodEvent::reason).doesNotContain("DeadlineExceeded");
        PodStatus ended = scene.exited("main", 0, 143).plan().status();
        assertThat(ended.getPhase()).isEqualTo("Failed");
        assertThat(ended.getReason()).isEqualTo("DeadlineExceeded");
    }

    @Test
    void aPodThatHasSucceededIsToldSoWhenItsSidecarHasEnded() {
        Scene scene = new Scene(withInit("Never", "Always").build())
                .sandbox(true)
                .running("init", 0)
                .running("main", 0);
        assertThat(scene.plan().status().getPhase()).isEqualTo("Running");
        Plan plan = scene.exited("main", 0, 0).plan();
        assertThat(plan.actions()).hasOnlyElementsOfType(Action.StopContainer.class);
        assertThat(plan.status().getPhase()).isEqualTo("Running");
        assertThat(scene.exited("init", 0, 143).plan().status().getPhase()).isEqualTo("Succeeded");
    }

    /** Who hears that a pod has ended gives its devices to others. */
    @ParameterizedTest
    @CsvSource({"false", "true"})
    void devicesAreTakenBackBeforeTheEndIsTold(boolean deletion) {
        Scene scene = new Scene(pod("Never").build()).sandbox(true).running("main", 0);
        scene.holdsDevices = true;
        assertThat(scene.plan().status().getPhase()).isEqualTo("Running");
        if (deletion) {
            scene.pod = deleted(scene.pod, 30);
            assertThat(scene.plan().actions()).hasOnlyElementsOfType(Action.StopContainer.class);
        }
        Plan stopped = scene.exited("main", 0, 0).plan();
        assertThat(stopped.actions()).containsExactly(new Action.StopSandbox("s0"));
        assertThat(stopped.status().getPhase()).isEqualTo("Running");
        scene.done(new Action.StopSandbox("s0")).sandbox(false);
        for (int attempt = 0; attempt < 2; attempt++) {
            Plan taking = scene.plan();
            assertThat(taking.actions()).containsExactly(new Action.ReleaseDevices());
            assertThat(taking.status().getPhase()).isEqualTo("Running");
            scene.fail(new Action.ReleaseDevices(), "FailedUnprepareDynamicResources");
        }
        scene.holdsDevices = false;
        scene.done(new Action.ReleaseDevices());
        Plan plan = scene.plan();
        assertThat(plan.status().getPhase()).isEqualTo("Succeeded");
        assertThat(plan.actions())
                .containsExactly(deletion ? new Action.RemoveSandbox("s0") : new Action.ReleaseVolumes());
    }

    @Test
    void aPodThatIsEndingNeverRunsAgainEvenWhenTheRuntimeHasForgottenIt() {
        Scene scene = new Scene(pod("Never").build()).sandbox(true).exited("main", 0, 0);
        scene.holdsDevices = true;
        scene.plan();
        scene.sandboxes.clear();
        scene.containers.clear();
        assertThat(scene.plan().actions()).containsExactly(new Action.ReleaseDevices());
        scene.holdsDevices = false;
        assertThat(scene.plan().status().getPhase()).isEqualTo("Succeeded");
    }

    @Test
    void aContainerThatNeverWasHasEndedWithThePod() {
        Pod pod = pod("Always")
                .editSpec()
                .withActiveDeadlineSeconds(60L)
                .endSpec()
                .build();
        Scene scene = new Scene(pod).sandbox(true);
        assertThat(only(scene.plan()).getState().getWaiting().getReason()).isEqualTo("ContainerCreating");
        ContainerStatus status = only(scene.pass(Duration.ofSeconds(60)).plan());
        assertThat(status.getState().getWaiting()).isNull();
        assertThat(status.getState().getTerminated().getReason()).isEqualTo("ContainerStatusUnknown");
        assertThat(status.getState().getTerminated().getExitCode()).isEqualTo(137);
    }

    private static ContainerStatus only(Plan plan) {
        assertThat(plan.status().getContainerStatuses()).hasSize(1);
        return plan.status().getContainerStatuses().getFirst();
    }

    // ---- memory

    @Test
    void aNewAgentTakesTheRestartCountFromTheRuntimeAndTheTimesFromTheStatus() {
        Scene old = new Scene(pod("Always").build()).sandbox(true).running("main", 3);
        PodStatus status = old.plan().status();
        Scene scene = new Scene(pod("Always").build()).sandbox(true);
        scene.containers.addAll(old.containers);
        scene.state = PodState.initial(status);
        scene.pass(Duration.ofHours(1));
        Plan plan = scene.plan();
        assertThat(plan.actions()).isEmpty();
        assertThat(plan.status()).isEqualTo(status);
    }

    /** A runtime that was killed while it started a container may take it for one that never began, though it runs. */
    @Test
    void aContainerWhoseStartWasBrokenOffGoesBeforeTheNextIsMade() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).put("main", 0, State.CREATED, 0, "");
        scene.busy = Set.of("start/main");
        assertThat(scene.plan().actions()).isEmpty();
        scene.busy = Set.of();
        assertThat(scene.plan().actions()).containsExactly(new Action.RemoveContainer("main0", "main", 0));
        scene.containers.clear();
        assertThat(scene.plan().actions()).containsExactly(new Action.StartContainer("main", "s0", 1));
    }

    @Test
    void aContainerThatVanishedIsCounted() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).running("main", 2);
        scene.plan();
        scene.containers.clear();
        Plan plan = scene.plan();
        assertThat(plan.actions()).containsExactly(new Action.StartContainer("main", "s0", 3));
        assertThat(scene.main().getLastState().getTerminated().getReason()).isEqualTo("ContainerStatusUnknown");
    }

    /** Their containers are what tells how they ended, as long as nobody needs the room. */
    @Test
    void containersOfAPodThatEndedGoWhenRoomIsWantedAndItsStatusStays() {
        Scene scene = new Scene(pod("Never").build()).sandbox(true).exited("main", 0, 3);
        scene.roomWanted = true;
        assertThat(scene.plan().actions()).containsExactly(new Action.StopSandbox("s0"));
        scene.sandbox(false).done(new Action.StopSandbox("s0"));
        assertThat(scene.plan().actions()).containsExactly(new Action.ReleaseVolumes());
        scene.done(new Action.ReleaseVolumes());
        scene.roomWanted = false;
        PodStatus ended = scene.plan().status();
        assertThat(ended.getPhase()).isEqualTo("Failed");
        assertThat(scene.plan().actions()).isEmpty();
        scene.roomWanted = true;
        assertThat(scene.plan().actions()).containsExactly(new Action.RemoveContainer("main0", "main", 0));
        scene.containers.clear();
        assertThat(scene.plan().actions()).containsExactly(new Action.RemoveSandbox("s0"));
        scene.sandboxes.clear();
        assertThat(scene.plan().actions()).isEmpty();
        assertThat(scene.plan().status().getContainerStatuses()).isEqualTo(ended.getContainerStatuses());
        assertThat(scene.plan().status().getPhase()).isEqualTo("Failed");
    }

    @Test
    void nothingOfAPodThatRunsGoesForRoom() {
        Scene scene = new Scene(pod("Always").build())
                .sandbox(true)
                .exited("main", 0, 1)
                .running("main", 1);
        scene.roomWanted = true;
        assertThat(scene.plan().actions()).isEmpty();
    }

    @Test
    void onlyTheLastTwoContainersOfANameAreKept() {
        Scene scene = new Scene(pod("Always").build())
                .sandbox(true)
                .exited("main", 0, 1)
                .exited("main", 1, 1)
                .running("main", 2);
        assertThat(scene.plan().actions()).containsExactly(new Action.RemoveContainer("main0", "main", 0));
        assertThat(scene.main().getLastState().getTerminated().getContainerID()).isEqualTo("test://main1");
    }

    @Test
    void decidingAgainChangesNothing() {
        Scene scene = new Scene(pod("Always").build()).sandbox(true).exited("main", 0, 1);
        Plan first = scene.plan();
        Plan second = scene.plan();
        assertThat(second.actions()).isEqualTo(first.actions());
        assertThat(second.status()).isEqualTo(first.status());
        assertThat(second.state()).isEqualTo(first.state());
    }
}
