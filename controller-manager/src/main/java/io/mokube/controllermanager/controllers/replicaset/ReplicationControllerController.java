package io.mokube.controllermanager.controllers.replicaset;

import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.ReplicationControllerBuilder;
import io.fabric8.kubernetes.api.model.ReplicationControllerConditionBuilder;
import io.fabric8.kubernetes.api.model.ReplicationControllerStatus;
import io.fabric8.kubernetes.api.model.ReplicationControllerStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps as many pods as each ReplicationController wants. It is a ReplicaSet in older words. */
public final class ReplicationControllerController {

    static final ReplicaOwner<ReplicationController> KIND = new ReplicaOwner<>() {
        @Override
        public Class<ReplicationController> model() {
            return ReplicationController.class;
        }

        @Override
        public ReplicaSet view(ReplicationController owner) {
            ReplicaSetBuilder view = new ReplicaSetBuilder()
                    .withMetadata(owner.getMetadata())
                    .withNewSpec()
                    .withReplicas(owner.getSpec().getReplicas())
                    .withMinReadySeconds(owner.getSpec().getMinReadySeconds())
                    .withNewSelector()
                    .withMatchLabels(owner.getSpec().getSelector())
                    .endSelector()
                    .withTemplate(owner.getSpec().getTemplate())
                    .endSpec();
            @Nullable ReplicationControllerStatus status = owner.getStatus();
            if (status != null && status.getConditions() != null) {
                view.withNewStatus()
                        .withConditions(status.getConditions().stream()
                                .map(condition -> new ReplicaSetConditionBuilder()
                                        .withType(condition.getType())
                                        .withStatus(condition.getStatus())
                                        .withReason(condition.getReason())
                                        .withMessage(condition.getMessage())
                                        .withLastTransitionTime(condition.getLastTransitionTime())
                                        .build())
                                .toList())
                        .endStatus();
            }
            return view.build();
        }

        @Override
        public Optional<ReplicationController> withStatus(ReplicationController owner, ReplicaSetStatus status) {
            ReplicationControllerStatus own = new ReplicationControllerStatusBuilder()
                    .withReplicas(status.getReplicas())
                    .withFullyLabeledReplicas(status.getFullyLabeledReplicas())
                    .withReadyReplicas(status.getReadyReplicas())
                    .withAvailableReplicas(status.getAvailableReplicas())
                    .withObservedGeneration(status.getObservedGeneration())
                    .withConditions(status.getConditions().stream()
                            .map(condition -> new ReplicationControllerConditionBuilder()
                                    .withType(condition.getType())
                                    .withStatus(condition.getStatus())
                                    .withReason(condition.getReason())
                                    .withMessage(condition.getMessage())
                                    .withLastTransitionTime(condition.getLastTransitionTime())
                                    .build())
                            .toList())
                    .build();
            return own.equals(owner.getStatus())
                    ? Optional.empty()
                    : Optional.of(new ReplicationControllerBuilder(owner)
                            .withStatus(own)
                            .build());
        }
    };

    private ReplicationControllerController() {}

    public static Controller create(ControllerContext context) {
        return ReplicaReconciler.create("replicationcontroller-controller", KIND, context);
    }
}
