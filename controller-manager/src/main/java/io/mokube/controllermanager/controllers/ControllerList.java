package io.mokube.controllermanager.controllers;

import io.mokube.controllermanager.controllers.deployment.DeploymentController;
import io.mokube.controllermanager.controllers.garbage.GarbageCollector;
import io.mokube.controllermanager.controllers.namespace.NamespaceController;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeLifecycleController;
import io.mokube.controllermanager.controllers.nodelifecycle.TaintEvictionController;
import io.mokube.controllermanager.controllers.podautoscaler.AutoscalerController;
import io.mokube.controllermanager.controllers.podgc.PodGarbageCollector;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetController;
import java.util.List;
import java.util.function.Function;

/** All controllers, by name. A new one is a new file and a line here. */
public final class ControllerList {

    /** How each controller is made when a term of leadership begins. */
    public static final List<Function<ControllerContext, Controller>> ALL = List.of(
            NamespaceController::create,
            GarbageCollector::create,
            ServiceAccountController::create,
            RootCaPublisher::create,
            ClusterRoleAggregationController::create,
            DeploymentController::create,
            ReplicaSetController::create,
            NodeLifecycleController::create,
            TaintEvictionController::create,
            PodGarbageCollector::create,
            AutoscalerController::create);

    private ControllerList() {}
}
