package io.mokube.controllermanager.controllers.replicaset;

import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import java.util.Optional;

/** Keeps as many pods as each ReplicaSet wants. */
public final class ReplicaSetController {

    private static final ReplicaOwner<ReplicaSet> KIND = new ReplicaOwner<>() {
        @Override
        public Class<ReplicaSet> model() {
            return ReplicaSet.class;
        }

        @Override
        public ReplicaSet view(ReplicaSet owner) {
            return owner;
        }

        @Override
        public Optional<ReplicaSet> withStatus(ReplicaSet owner, ReplicaSetStatus status) {
            return status.equals(owner.getStatus())
                    ? Optional.empty()
                    : Optional.of(
                            new ReplicaSetBuilder(owner).withStatus(status).build());
        }
    };

    private ReplicaSetController() {}

    public static Controller create(ControllerContext context) {
        return ReplicaReconciler.create("replicaset-controller", KIND, context);
    }
}
