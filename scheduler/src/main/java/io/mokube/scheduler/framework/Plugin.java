package io.mokube.scheduler.framework;

/**
 * A rule that takes part in decisions. What it does is said by the interfaces it implements: {@link EnqueuePlugin},
 * {@link FilterPlugin}, {@link ScorePlugin}, {@link PostFilterPlugin}. A plugin has no state.
 */
public interface Plugin {

    /** The name as in KubeSchedulerConfiguration. */
    String name();
}
