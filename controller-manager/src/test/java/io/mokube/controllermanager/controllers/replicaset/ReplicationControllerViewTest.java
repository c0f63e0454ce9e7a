package io.mokube.controllermanager.controllers.replicaset;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.ReplicationControllerBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Failure;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetDecision.Change;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReplicationControllerViewTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    @Test
    void aReplicationControllerIsDecidedOnLikeAReplicaSet() {
        ReplicaSet view = ReplicationControllerController.KIND.view(controller());
        assertThat(view.getSpec().getSelector().getMatchLabels()).isEqualTo(Map.of("app", "web"));
        assertThat(ReplicaSetDecision.change(view, List.of(Pods.pending("a")), List::of, NOW))
                .isEqualTo(new Change.Create(2));
    }

    @Test
    void itsStatusIsWrittenOnceAndComesBackTheSame() {
        ReplicationController controller = controller();
        Failure failure = Failure.creating("no");
        ReplicationController failed =
                written(controller, 0, Optional.of(failure)).orElseThrow();
        assertThat(failed.getStatus().getConditions()).singleElement().satisfies(condition -> {
            assertThat(condition.getType()).isEqualTo("ReplicaFailure");
            assertThat(condition.getReason()).isEqualTo("FailedCreate");
        });
        assertThat(failed.getStatus().getObservedGeneration()).isEqualTo(2);
        assertThat(written(failed, 4, Optional.of(failure)))
                .as("how many are terminating has no place in it")
                .isEmpty();
        assertThat(written(failed, 0, Optional.empty())
                        .orElseThrow()
                        .getStatus()
                        .getConditions())
                .isEmpty();
    }

    private static Optional<ReplicationController> written(
            ReplicationController controller, int terminating, Optional<Failure> failure) {
        ReplicaSet view = ReplicationControllerController.KIND.view(controller);
        ReplicaSetStatus status = ReplicaSetDecision.status(view, List.of(), terminating, failure, NOW);
        return ReplicationControllerController.KIND.withStatus(controller, status);
    }

    private static ReplicationController controller() {
        return new ReplicationControllerBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .withUid("uid-web")
                .withGeneration(2L)
                .endMetadata()
                .withNewSpec()
                .withReplicas(3)
                .addToSelector("app", "web")
                .endSpec()
                .build();
    }
}
