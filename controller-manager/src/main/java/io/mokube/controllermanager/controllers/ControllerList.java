package io.mokube.controllermanager.controllers;

import io.mokube.controllermanager.controllers.attachments.AttachDetachController;
import io.mokube.controllermanager.controllers.batch.CronJobController;
import io.mokube.controllermanager.controllers.batch.JobController;
import io.mokube.controllermanager.controllers.batch.TtlAfterFinishedController;
import io.mokube.controllermanager.controllers.bootstrap.BootstrapSigner;
import io.mokube.controllermanager.controllers.bootstrap.TokenCleaner;
import io.mokube.controllermanager.controllers.certificates.CertificateApprovingController;
import io.mokube.controllermanager.controllers.certificates.CertificateCleanerController;
import io.mokube.controllermanager.controllers.certificates.CertificateSigningController;
import io.mokube.controllermanager.controllers.daemonset.DaemonSetController;
import io.mokube.controllermanager.controllers.deployment.DeploymentController;
import io.mokube.controllermanager.controllers.disruption.DisruptionController;
import io.mokube.controllermanager.controllers.endpoints.EndpointsController;
import io.mokube.controllermanager.controllers.endpointslice.EndpointSliceController;
import io.mokube.controllermanager.controllers.endpointslice.EndpointSliceMirroringController;
import io.mokube.controllermanager.controllers.garbage.GarbageCollector;
import io.mokube.controllermanager.controllers.loadbalancer.LoadBalancerController;
import io.mokube.controllermanager.controllers.namespace.NamespaceController;
import io.mokube.controllermanager.controllers.nodeipam.NodeIpamController;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeLifecycleController;
import io.mokube.controllermanager.controllers.nodelifecycle.TaintEvictionController;
import io.mokube.controllermanager.controllers.podautoscaler.AutoscalerController;
import io.mokube.controllermanager.controllers.podgc.PodGarbageCollector;
import io.mokube.controllermanager.controllers.quota.ResourceQuotaController;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetController;
import io.mokube.controllermanager.controllers.replicaset.ReplicationControllerController;
import io.mokube.controllermanager.controllers.resourceclaims.ResourceClaimController;
import io.mokube.controllermanager.controllers.servicecidr.ServiceCidrController;
import io.mokube.controllermanager.controllers.statefulset.StatefulSetController;
import io.mokube.controllermanager.controllers.tokens.LegacyTokenCleaner;
import io.mokube.controllermanager.controllers.tokens.ServiceAccountTokenController;
import io.mokube.controllermanager.controllers.volumes.EphemeralVolumeController;
import io.mokube.controllermanager.controllers.volumes.Protection;
import io.mokube.controllermanager.controllers.volumes.VolumeBinder;
import io.mokube.controllermanager.controllers.volumes.VolumeExpander;
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
            ReplicationControllerController::create,
            EndpointSliceController::create,
            EndpointsController::create,
            EndpointSliceMirroringController::create,
            StatefulSetController::create,
            DaemonSetController::create,
            NodeLifecycleController::create,
            NodeIpamController::create,
            TtlController::create,
            ServiceCidrController::create,
            LoadBalancerController::create,
            TokenCleaner::create,
            BootstrapSigner::create,
            TaintEvictionController::create,
            PodGarbageCollector::create,
            JobController::create,
            TtlAfterFinishedController::create,
            CronJobController::create,
            CertificateApprovingController::create,
            CertificateSigningController::create,
            CertificateCleanerController::create,
            ServiceAccountTokenController::create,
            LegacyTokenCleaner::create,
            VolumeBinder::create,
            Protection::ofClaims,
            Protection::ofVolumes,
            Protection::ofAttributesClasses,
            EphemeralVolumeController::create,
            VolumeExpander::create,
            AttachDetachController::create,
            ResourceClaimController::create,
            DisruptionController::create,
            ResourceQuotaController::create,
            AutoscalerController::create);

    private ControllerList() {}
}
