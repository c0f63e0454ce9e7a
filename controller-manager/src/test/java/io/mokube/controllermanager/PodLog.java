package io.mokube.controllermanager;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.component.Platform;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Follows the pods of an ordered StatefulSet and of a DaemonSet on a connection of its own and notes what must not happen:
 * a pod of the set before those below it are ready, or two daemons on one node.
 */
final class PodLog implements AutoCloseable {

    private final String set;
    private final String daemons;
    private final Informer<Pod> informer;
    private final Map<String, Pod> live = new ConcurrentHashMap<>();
    private final Collection<String> wrongs = new ConcurrentLinkedQueue<>();
    private final AtomicInteger created = new AtomicInteger();

    PodLog(ApiClient client, String set, String daemons) throws InterruptedException {
        this.set = set;
        this.daemons = daemons;
        informer = new Informer<>(client.resource(Pod.class), Selection.ALL, Platform.system());
        informer.start();
        informer.awaitSynced(WorkloadCluster.PATIENCE);
        informer.addHandler(new Handler<>() {
            @Override
            public void added(Pod pod) {
                live.put(pod.getMetadata().getName(), pod);
                check(pod);
            }

            @Override
            public void updated(Pod before, Pod now) {
                live.put(now.getMetadata().getName(), now);
            }

            @Override
            public void deleted(Pod last) {
                live.remove(last.getMetadata().getName());
            }
        });
    }

    List<String> wrongs() {
        return List.copyOf(wrongs);
    }

    /** How many pods of both came. */
    int created() {
        return created.get();
    }

    private void check(Pod pod) {
        String name = pod.getMetadata().getName();
        String app = Ownership.labels(pod).getOrDefault("app", "");
        if (app.equals(set)) {
            created.incrementAndGet();
            int ordinal = Integer.parseInt(name.substring(set.length() + 1));
            for (int below = 0; below < ordinal; below++) {
                Pod other = live.get(set + "-" + below);
                if (other == null || !PodFacts.isActive(other) || !PodFacts.isReady(other)) {
                    wrongs.add(name + " came before " + set + "-" + below + " was ready");
                }
            }
        } else if (app.equals(daemons)) {
            created.incrementAndGet();
            live.values().stream()
                    .filter(other -> !Ownership.isSame(other, pod)
                            && app.equals(Ownership.labels(other).get("app")))
                    .filter(other -> node(other).equals(node(pod)))
                    .forEach(other -> wrongs.add(
                            name + " came beside " + other.getMetadata().getName() + " for " + node(pod)));
        }
    }

    private static String node(Pod pod) {
        return pod.getSpec()
                .getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()
                .getFirst()
                .getMatchFields()
                .getFirst()
                .getValues()
                .getFirst();
    }

    @Override
    public void close() {
        informer.close();
    }
}
