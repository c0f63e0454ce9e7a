package io.mokube.scheduler.plugins;

import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.volumes.TestVolumes.claim;
import static io.mokube.scheduler.volumes.TestVolumes.podWith;
import static io.mokube.scheduler.volumes.TestVolumes.volume;
import static io.mokube.scheduler.volumes.TestVolumes.waiting;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.framework.ApiObjects;
import io.mokube.scheduler.framework.BindOutcome;
import io.mokube.scheduler.framework.Outcome;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.volumes.ClaimFacts;
import io.mokube.scheduler.volumes.ClassFacts;
import io.mokube.scheduler.volumes.VolumeFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/** From the choice of a node to bound volumes: what is written, what is waited for, and what is given back. */
class VolumeBindingScenarioTest {

    private final ClusterState state = new ClusterState();
    private final VolumeBindingPlugin plugin = new VolumeBindingPlugin(Duration.ofMinutes(10));
    private final PodInfo pod = PodInfo.of(podWith("p", "c").build());
    private final Objects objects = new Objects();

    /** Objects as they are kept, and what happens to them while the scheduler waits, one step at each look. */
    private static final class Objects implements ApiObjects {

        @Override
        public <T extends HasMetadata> T patchStatus(Class<T> type, ObjectKey key, ObjectNode patch) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void report(PodInfo pod, String reason, String message) {
            throw new UnsupportedOperationException("nothing is reported");
        }

        @Override
        public Instant now() {
            return Instant.EPOCH;
        }

        private final Map<ObjectKey, HasMetadata> kept = new HashMap<>();
        private final List<HasMetadata> written = new ArrayList<>();
        private final Deque<Runnable> meanwhile = new ArrayDeque<>();

        void keep(HasMetadata object) {
            kept.put(key(object), object);
        }

        private static ObjectKey key(HasMetadata object) {
            String namespace = object.getMetadata().getNamespace();
            return new ObjectKey(
                    namespace == null ? "" : namespace, object.getMetadata().getName());
        }

        @Override
        public <T extends HasMetadata> Optional<T> get(Class<T> type, ObjectKey key) {
            return Optional.ofNullable(type.cast(kept.get(key)));
        }

        @Override
        public <T extends HasMetadata> T create(T object) {
            throw new UnsupportedOperationException("nothing is created");
        }

        @Override
        public <T extends HasMetadata> T update(T object) {
            object.getMetadata().setResourceVersion("20");
            keep(object);
            written.add(object);
            return object;
        }

        @Override
        public <T extends HasMetadata> T updateStatus(T object) {
            throw new UnsupportedOperationException("no status is written");
        }

        @Override
        public boolean await(BooleanSupplier condition, Duration patience) {
            while (!condition.getAsBoolean()) {
                if (meanwhile.isEmpty()) {
                    return false;
                }
                meanwhile.removeFirst().run();
            }
            return true;
        }

        @Override
        public BindOutcome bind(PodInfo pod, String node) {
            throw new UnsupportedOperationException("not yet");
        }
    }

    @BeforeEach
    void cluster() {
        state.putNode(NodeFacts.of(node("n", "cpu=4").build()));
        state.volumes()
                .put(ClassFacts.of(
                        waiting("local", "kubernetes.io/no-provisioner").build()));
        state.volumes().put(ClassFacts.of(waiting("made", "example.com/maker").build()));
    }

    private void see(PersistentVolumeClaimBuilder claim) {
        PersistentVolumeClaim built = claim.build();
        objects.keep(built);
        state.volumes().put(ClaimFacts.of(built));
    }

    private void see(PersistentVolumeBuilder volume) {
        PersistentVolume built = volume.build();
        objects.keep(built);
        state.volumes().put(VolumeFacts.of(built));
    }

    private static PersistentVolumeClaimBuilder bound(PersistentVolumeClaim claim) {
        return new PersistentVolumeClaimBuilder(claim)
                .editMetadata()
                .addToAnnotations("pv.kubernetes.io/bind-completed", "yes")
                .endMetadata()
                .editSpec()
                .withVolumeName("v")
                .endSpec();
    }

    private Outcome decideAndBind() throws InterruptedException {
        Snapshot snapshot = state.snapshot();
        assertThat(state.assume(pod, "n")).isTrue();
        assertThat(plugin.reserve(pod, requireNonNull(snapshot.node("n")), snapshot, state))
                .isEqualTo(Outcome.DONE);
        Outcome outcome = plugin.preBind(pod, "n", state, objects);
        if (outcome != Outcome.DONE) {
            plugin.unreserve(pod, "n", state);
        }
        return outcome;
    }

    @Test
    void aVolumeIsGivenToTheClaimAndThePodWaitsForTheController() throws InterruptedException {
        see(claim("c", "local", "1Gi"));
        see(volume("v", "local", "1Gi"));
        objects.meanwhile.add(() -> see(new PersistentVolumeBuilder((PersistentVolume) objects.written.getFirst())));
        objects.meanwhile.add(() -> see(bound(claim("c", "local", "1Gi").build())));

        assertThat(decideAndBind()).isEqualTo(Outcome.DONE);
        PersistentVolume written = (PersistentVolume) objects.written.getFirst();
        assertThat(written.getSpec().getClaimRef().getName()).isEqualTo("c");
        assertThat(written.getSpec().getClaimRef().getUid()).isEqualTo("uid-c");
        assertThat(written.getMetadata().getAnnotations()).containsEntry("pv.kubernetes.io/bound-by-controller", "yes");
        assertThat(state.volumes().plan("uid-p").isEmpty()).isTrue();
        assertThat(state.volumes().view()).isEqualTo(state.volumes().seen());
    }

    @Test
    void aNodeIsNamedInTheClaimAndThePodWaitsForTheProvisioner() throws InterruptedException {
        see(claim("c", "made", "1Gi"));
        objects.meanwhile.add(
                () -> see(new PersistentVolumeClaimBuilder((PersistentVolumeClaim) objects.written.getFirst())));
        objects.meanwhile.add(() -> see(bound((PersistentVolumeClaim) objects.written.getFirst())));
        objects.meanwhile.add(() -> see(volume("v", "made", "1Gi")));

        assertThat(decideAndBind()).isEqualTo(Outcome.DONE);
        assertThat(objects.written.getFirst().getMetadata().getAnnotations())
                .containsEntry("volume.kubernetes.io/selected-node", "n");
    }

    @Test
    void aProvisionerThatCannotSendsThePodBack() throws InterruptedException {
        see(claim("c", "made", "1Gi"));
        objects.meanwhile.add(() -> see(claim("c", "made", "1Gi")
                .editMetadata()
                .withResourceVersion("21")
                .endMetadata()));

        assertThat(decideAndBind()).isEqualTo(new Outcome.Failed("binding volumes: provisioning failed for PVC \"c\""));
        assertThat(state.volumes().view()).isEqualTo(state.volumes().seen());
    }

    @Test
    void aVolumeThatTheControllerTakesBackSendsThePodBack() throws InterruptedException {
        see(claim("c", "local", "1Gi"));
        see(volume("v", "local", "1Gi"));
        objects.meanwhile.add(() -> see(volume("v", "local", "1Gi")
                .editMetadata()
                .withResourceVersion("21")
                .endMetadata()));

        assertThat(decideAndBind()).isEqualTo(new Outcome.Failed("binding volumes: ClaimRef got reset for pv \"v\""));
        assertThat(requireNonNull(state.volumes().view().volume("v")).claim()).isEmpty();
    }

    @Test
    void nothingIsWrittenOverSomebodyElsesVolume() throws InterruptedException {
        see(claim("c", "local", "1Gi"));
        see(volume("v", "local", "1Gi"));
        objects.keep(volume("v", "local", "1Gi")
                .editSpec()
                .withNewClaimRef()
                .withNamespace("default")
                .withName("other")
                .withUid("uid-other")
                .endClaimRef()
                .endSpec()
                .build());

        assertThat(decideAndBind())
                .isEqualTo(new Outcome.Failed("binding volumes: persistentvolume \"v\" was given to another claim"));
        assertThat(objects.written).isEmpty();
    }

    @Test
    void patienceEnds() throws InterruptedException {
        see(claim("c", "made", "1Gi"));
        assertThat(decideAndBind()).isEqualTo(new Outcome.Failed("binding volumes: context deadline exceeded"));
    }

    @Test
    void aPodThatIsGoneIsNotWaitedFor() throws InterruptedException {
        see(claim("c", "made", "1Gi"));
        objects.meanwhile.add(() -> state.removePod("uid-p"));
        assertThat(decideAndBind()).isEqualTo(new Outcome.Failed("binding volumes: pod does not exist any more"));
    }
}
