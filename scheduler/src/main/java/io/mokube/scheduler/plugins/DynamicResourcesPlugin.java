package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.PostFilterPlugin;
import io.mokube.scheduler.framework.Rejections;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;

/**
 * Resource claims. Pods with claims are not scheduled by them yet; for pods without claims it says, as Kubernetes does
 * for each pod that fits nowhere, that giving claims back would not help.
 */
public final class DynamicResourcesPlugin implements PostFilterPlugin {

    @Override
    public String name() {
        return "DynamicResources";
    }

    @Override
    public Remedy remedy(PodInfo pod, Snapshot snapshot, Rejections rejected, FilterChain filters) {
        return new Remedy.None("no new claims to deallocate", false);
    }
}
