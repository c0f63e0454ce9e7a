package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ApiObjects;
import io.mokube.scheduler.framework.BindOutcome;
import io.mokube.scheduler.framework.BindPlugin;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.Optional;

/** Binds a pod by the API's {@code binding} subresource. */
public final class DefaultBinderPlugin implements BindPlugin {

    @Override
    public String name() {
        return "DefaultBinder";
    }

    @Override
    public Optional<BindOutcome> bind(PodInfo pod, String node, ApiObjects objects) throws InterruptedException {
        return Optional.of(objects.bind(pod, node));
    }
}
