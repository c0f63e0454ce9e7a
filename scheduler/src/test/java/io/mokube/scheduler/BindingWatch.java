package io.mokube.scheduler;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Watches every pod all the time and remembers those whose node ever changed. */
final class BindingWatch implements AutoCloseable {

    private final ApiClient client;
    private final Informer<Pod> informer;
    private final Map<String, String> nodes = new ConcurrentHashMap<>();
    private final List<String> moved = new CopyOnWriteArrayList<>();

    private BindingWatch(ApiClient client) {
        this.client = client;
        informer = new Informer<>(client.resource(Pod.class), Selection.ALL, client.platform());
        informer.addHandler(new Handler<Pod>() {
            @Override
            public void added(Pod pod) {
                look(pod);
            }

            @Override
            public void updated(Pod before, Pod now) {
                look(now);
            }
        });
    }

    static BindingWatch start(ClientConfig config) {
        BindingWatch watch = new BindingWatch(new ApiClient(config, Platform.system()));
        watch.informer.start();
        Await.until("the first list", watch.informer::hasSynced);
        return watch;
    }

    private void look(Pod pod) {
        String node = pod.getSpec().getNodeName();
        String old = node == null
                ? nodes.get(pod.getMetadata().getUid())
                : nodes.put(pod.getMetadata().getUid(), node);
        if (old != null && !old.equals(node)) {
            moved.add(pod.getMetadata().getName() + " from " + old + " to " + node);
        }
    }

    List<String> moved() {
        return moved;
    }

    @Override
    public void close() {
        informer.close();
        client.close();
    }
}
