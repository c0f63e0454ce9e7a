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
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Watches every pod all the time and remembers those whose node ever changed, and the most pods that ever stood on one node.
 */
final class BindingWatch implements AutoCloseable {

    private final ApiClient client;
    private final Informer<Pod> informer;
    private final Map<String, String> nodes = new ConcurrentHashMap<>();
    private final Map<String, Integer> onNode = new ConcurrentHashMap<>();
    private final AtomicInteger mostOnOneNode = new AtomicInteger();
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

            @Override
            public void deleted(Pod last) {
                String node = nodes.remove(last.getMetadata().getUid());
                if (node != null) {
                    onNode.merge(node, -1, Integer::sum);
                }
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
        if (node != null && old == null) {
            mostOnOneNode.accumulateAndGet(onNode.merge(node, 1, Integer::sum), Math::max);
        }
        if (old != null && !old.equals(node)) {
            moved.add(pod.getMetadata().getName() + " from " + old + " to " + node);
        }
    }

    List<String> moved() {
        return moved;
    }

    /** How many pods there are. */
    int pods() {
        return informer.store().size();
    }

    /** How many of them have a node. */
    int bound() {
        return nodes.size();
    }

    /** The most pods that one node had at any time. */
    int mostOnOneNode() {
        return mostOnOneNode.get();
    }

    @Override
    public void close() {
        informer.close();
        client.close();
    }
}
