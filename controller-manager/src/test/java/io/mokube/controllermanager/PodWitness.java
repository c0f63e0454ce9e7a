package io.mokube.controllermanager;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Sees every change of every pod, in the order of the server, and remembers the most that were active at once. */
final class PodWitness implements AutoCloseable {

    private final Informer<Pod> informer;
    private final Semaphore events = new Semaphore(0);
    private final Map<ObjectKey, String> active = new HashMap<>();
    private final Map<String, Integer> most = new HashMap<>();
    private final Map<String, Set<String>> made = new HashMap<>();

    PodWitness(ApiClient client) throws InterruptedException {
        informer = new Informer<>(client.resource(Pod.class), Selection.ALL, client.platform());
        informer.addHandler(new Handler<Pod>() {
            @Override
            public void added(Pod pod) {
                see(pod, PodFacts.isActive(pod));
            }

            @Override
            public void updated(Pod before, Pod now) {
                see(now, PodFacts.isActive(now));
            }

            @Override
            public void deleted(Pod last) {
                see(last, false);
            }
        });
        informer.start();
        if (!informer.awaitSynced(Duration.ofSeconds(30))) {
            throw new AssertionError("the witness sees no pods");
        }
    }

    private synchronized void see(Pod pod, boolean isActive) {
        String app = Ownership.labels(pod).getOrDefault("app", "");
        made.computeIfAbsent(app, each -> new HashSet<>()).add(pod.getMetadata().getUid());
        if (isActive) {
            active.put(Ownership.key(pod), app);
            most.merge(app, active(app), Math::max);
        } else {
            active.remove(Ownership.key(pod));
        }
        events.release();
    }

    /** How many pods of an app are active now. */
    synchronized int active(String app) {
        return Math.toIntExact(active.values().stream().filter(app::equals).count());
    }

    /** How many pods of an app there have ever been. */
    synchronized int made(String app) {
        return made.getOrDefault(app, Set.of()).size();
    }

    /** The most pods of an app that were active at once since the last call. */
    synchronized int takeMost(String app) {
        Integer seen = most.put(app, active(app));
        return seen == null ? 0 : seen;
    }

    List<Pod> pods(String app) {
        return informer.store().list().stream()
                .filter(PodFacts::isActive)
                .filter(pod -> app.equals(Ownership.labels(pod).get("app")))
                .toList();
    }

    /** Waits for so many further changes, or until there are none for a while. */
    void awaitChanges(int count) throws InterruptedException {
        events.drainPermits();
        for (int i = 0; i < count && events.tryAcquire(1, TimeUnit.SECONDS); i++) {
            // One more.
        }
    }

    @Override
    public void close() {
        informer.close();
    }
}
