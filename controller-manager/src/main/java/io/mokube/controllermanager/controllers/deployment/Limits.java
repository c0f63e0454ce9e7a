package io.mokube.controllermanager.controllers.deployment;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStrategy;
import io.fabric8.kubernetes.api.model.apps.RollingUpdateDeployment;
import io.mokube.controllermanager.controllers.ownership.NumberOrPercent;
import org.jspecify.annotations.Nullable;

/**
 * The numbers a rollout keeps to.
 *
 * @param replicas the wanted number of pods
 * @param maxSurge how many more there may be
 * @param maxUnavailable how many fewer may be available
 */
record Limits(int replicas, int maxSurge, int maxUnavailable) {

    private static final IntOrString DEFAULT = new IntOrString("25%");

    /**
     * The Deployment's limits in pods. A percentage is rounded up for the surge and down for the unavailable ones; when
     * both come to 0, one pod may be unavailable, since nothing could move otherwise. Only a rolling update has any.
     */
    static Limits of(Deployment deployment) {
        int replicas = orZero(deployment.getSpec().getReplicas());
        if (!isRollingUpdate(deployment)) {
            return new Limits(replicas, 0, 0);
        }
        @Nullable DeploymentStrategy strategy = deployment.getSpec().getStrategy();
        @Nullable RollingUpdateDeployment rolling = strategy == null ? null : strategy.getRollingUpdate();
        int surge = scaled(rolling == null ? null : rolling.getMaxSurge(), replicas, true);
        int unavailable = scaled(rolling == null ? null : rolling.getMaxUnavailable(), replicas, false);
        if (surge == 0 && unavailable == 0) {
            unavailable = 1;
        }
        return new Limits(replicas, surge, Math.min(unavailable, replicas));
    }

    /** Whether the strategy is a rolling update, as it is by default. */
    static boolean isRollingUpdate(Deployment deployment) {
        @Nullable DeploymentStrategy strategy = deployment.getSpec().getStrategy();
        return strategy == null || !"Recreate".equals(strategy.getType());
    }

    /** The most pods there may be at once. */
    int most() {
        return replicas + maxSurge;
    }

    /** The fewest pods that must be available. */
    int fewestAvailable() {
        return replicas - maxUnavailable;
    }

    private static int scaled(@Nullable IntOrString value, int replicas, boolean roundUp) {
        return NumberOrPercent.of(value == null ? DEFAULT : value, replicas, roundUp);
    }
}
