package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetUpdateStrategy;
import io.fabric8.kubernetes.api.model.apps.RollingUpdateDaemonSet;
import io.mokube.controllermanager.controllers.ownership.NumberOrPercent;
import org.jspecify.annotations.Nullable;

/**
 * The numbers a daemon set's update keeps to.
 *
 * @param maxUnavailable how many nodes may be without an available daemon
 * @param maxSurge how many nodes may have a second one
 */
record DaemonLimits(int maxUnavailable, int maxSurge) {

    /** The limits for so many nodes; percentages are rounded up, and when both come to 0 one may be unavailable. */
    static DaemonLimits of(DaemonSet set, int nodes) {
        @Nullable DaemonSetUpdateStrategy strategy = set.getSpec().getUpdateStrategy();
        @Nullable RollingUpdateDaemonSet rolling = strategy == null ? null : strategy.getRollingUpdate();
        int surge =
                rolling == null || !isRollingUpdate(set) ? 0 : NumberOrPercent.of(rolling.getMaxSurge(), nodes, true);
        int unavailable = rolling == null ? 0 : NumberOrPercent.of(rolling.getMaxUnavailable(), nodes, true);
        return new DaemonLimits(surge == 0 ? Math.max(1, unavailable) : unavailable, surge);
    }

    /** Whether a node may have two daemons for a while. */
    static boolean allowSurge(DaemonSet set) {
        return of(set, 1).maxSurge() > 0;
    }

    /** Whether daemons are updated by the set itself, as they are by default. */
    static boolean isRollingUpdate(DaemonSet set) {
        @Nullable DaemonSetUpdateStrategy strategy = set.getSpec().getUpdateStrategy();
        return strategy == null || !"OnDelete".equals(strategy.getType());
    }
}
