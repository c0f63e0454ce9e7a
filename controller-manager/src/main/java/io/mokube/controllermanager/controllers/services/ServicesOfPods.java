package io.mokube.controllermanager.controllers.services;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Store;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.names.ObjectKey;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts the keys of the services that a pod's change concerns into a queue. Most changes of pods concern none. */
public final class ServicesOfPods implements Handler<Pod> {

    private final Store<Service> services;
    private final Consumer<ObjectKey> queue;

    public ServicesOfPods(Store<Service> services, Consumer<ObjectKey> queue) {
        this.services = services;
        this.queue = queue;
    }

    @Override
    public void added(Pod pod) {
        tell(pod);
    }

    @Override
    public void updated(Pod before, Pod now) {
        Shown shownBefore = Shown.of(before);
        Shown shownNow = Shown.of(now);
        if (!shownBefore.equals(shownNow)) {
            tell(now);
            if (!shownBefore.labels.equals(shownNow.labels)) {
                tell(before);
            }
        }
    }

    @Override
    public void deleted(Pod last) {
        tell(last);
    }

    /** Tells of the services that select the pod. */
    public void tell(Pod pod) {
        for (Service service : services.list(Ownership.namespace(pod))) {
            if (ServiceFacts.selects(service, pod)) {
                queue.accept(Ownership.key(service));
            }
        }
    }

    /** What of a pod endpoints show. */
    private record Shown(
            Map<String, String> labels,
            @Nullable String hostname,
            @Nullable String subdomain,
            @Nullable String node,
            List<String> ips,
            boolean ready,
            boolean finished,
            boolean deleted) {

        static Shown of(Pod pod) {
            return new Shown(
                    Ownership.labels(pod),
                    pod.getSpec().getHostname(),
                    pod.getSpec().getSubdomain(),
                    pod.getSpec().getNodeName(),
                    ServicePods.ips(pod),
                    PodFacts.isReady(pod),
                    PodFacts.isFinished(pod),
                    Ownership.isBeingDeleted(pod));
        }
    }
}
