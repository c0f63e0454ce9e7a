package io.mokube.controllermanager.controllers.deployment;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.util.Map;

/** Deployments and their ReplicaSets as tests need them. */
final class Deployments {

    private Deployments() {}

    static Deployment deployment(int replicas, Object maxSurge, Object maxUnavailable) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .withUid("uid-web")
                .withGeneration(1L)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withRevisionHistoryLimit(10)
                .withProgressDeadlineSeconds(600)
                .withNewSelector()
                .withMatchLabels(Map.of("app", "web"))
                .endSelector()
                .withNewStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxSurge(new IntOrString(maxSurge))
                .withMaxUnavailable(new IntOrString(maxUnavailable))
                .endRollingUpdate()
                .endStrategy()
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(Map.of("app", "web"))
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("web")
                .withImage("web:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    static Deployment recreate(int replicas) {
        return new DeploymentBuilder(deployment(replicas, 0, 0))
                .editSpec()
                .withNewStrategy()
                .withType("Recreate")
                .endStrategy()
                .endSpec()
                .build();
    }

    static Deployment withImage(Deployment deployment, String image) {
        return new DeploymentBuilder(deployment)
                .editMetadata()
                .withGeneration(deployment.getMetadata().getGeneration() + 1)
                .endMetadata()
                .editSpec()
                .editTemplate()
                .editSpec()
                .editFirstContainer()
                .withImage(image)
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    static Deployment withReplicas(Deployment deployment, int replicas) {
        return new DeploymentBuilder(deployment)
                .editMetadata()
                .withGeneration(deployment.getMetadata().getGeneration() + 1)
                .endMetadata()
                .editSpec()
                .withReplicas(replicas)
                .endSpec()
                .build();
    }

    static Deployment paused(Deployment deployment, boolean paused) {
        return new DeploymentBuilder(deployment)
                .editSpec()
                .withPaused(paused)
                .endSpec()
                .build();
    }

    /** A settled ReplicaSet of the Deployment's template with this image. */
    static ReplicaSet replicaSet(
            Deployment deployment, String image, int revision, int replicas, int current, int available) {
        Deployment withImage = withImage(deployment, image);
        Limits limits = Limits.of(deployment);
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web-" + image.replace(":", "-"))
                .withUid("uid-" + image)
                .withResourceVersion("5")
                .withGeneration(1L)
                .withCreationTimestamp("2026-01-01T00:00:%02dZ".formatted(revision))
                .addToAnnotations(Revisions.REVISION, Integer.toString(revision))
                .addToAnnotations(Revisions.DESIRED_REPLICAS, Integer.toString(limits.replicas()))
                .addToAnnotations(Revisions.MAX_REPLICAS, Integer.toString(limits.most()))
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withTemplate(withImage.getSpec().getTemplate())
                .endSpec()
                .withNewStatus()
                .withObservedGeneration(1L)
                .withReplicas(current)
                .withReadyReplicas(available)
                .withAvailableReplicas(available)
                .endStatus()
                .build();
    }
}
