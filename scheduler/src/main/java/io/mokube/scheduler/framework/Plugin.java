package io.mokube.scheduler.framework;

/**
 * A rule that takes part in scheduling. What it does is said by the interfaces it implements, one for each extension
 * point: {@link QueueSortPlugin}, {@link EnqueuePlugin}, {@link FilterPlugin}, {@link PostFilterPlugin},
 * {@link ScorePlugin}, {@link ReservePlugin}, {@link PermitPlugin}, {@link PreBindPlugin}, {@link BindPlugin},
 * {@link PostBindPlugin}. A plugin has no state but its configuration.
 */
public interface Plugin {

    /** The name as in KubeSchedulerConfiguration. */
    String name();
}
