package io.mokube.testkit;

import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyAttributes;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;

/**
 * Gives every property of jqwik the same seed in every run, so that a change fails for what it changed and not for a story
 * that was never told before. {@code -Dmokube.seed=7} tells other stories, {@code -Dmokube.seed=random} new ones in each run, and
 * {@code -Dmokube.tries=100} a hundred times as many. Properties that state a seed of their own keep it.
 *
 * <p>jqwik finds it as a service, in all modules that have this one on their test class path.
 */
public final class SeededProperties implements AroundPropertyHook {

    private static final String SEED = System.getProperty("mokube.seed", "20260101");
    /** jqwik's own number for properties that state none. */
    private static final int DEFAULT_TRIES = 1000;

    private static final int TIMES = Integer.getInteger("mokube.tries", 1);

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property) {
        PropertyAttributes attributes = context.attributes();
        if (!SEED.equals("random") && attributes.seed().isEmpty()) {
            attributes.setSeed(SEED);
        }
        if (TIMES > 1) {
            attributes.setTries(attributes.tries().orElse(DEFAULT_TRIES) * TIMES);
        }
        return property.execute();
    }

    /** Before jqwik's own hooks, which read the attributes. */
    @Override
    public int aroundPropertyProximity() {
        return -100;
    }

    @Override
    public PropagationMode propagateTo() {
        return PropagationMode.ALL_DESCENDANTS;
    }
}
