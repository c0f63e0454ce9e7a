package io.mokube.proxy.policy;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.policy.model.AlikePods;
import io.mokube.proxy.policy.model.PodFacts;
import io.mokube.proxy.policy.model.PolicyReader;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Knows the cluster's pods by what selectors look at. Handlers tell it what changed; one thread takes the changes. */
final class PodTracker {

    private final Informer<Pod> pods;

    /** Used by the thread that takes the changes. */
    private final Map<ObjectKey, PodFacts> facts = new HashMap<>();

    private final Map<AlikePods.Shape, Map<ObjectKey, PodFacts>> byShape = new HashMap<>();
    private final Map<AlikePods.Shape, AlikePods> alike = new HashMap<>();

    private final Object pending = new Object();
    private Set<ObjectKey> dirty = new HashSet<>();

    /**
     * @param changed called after each change that packets may depend on; must be quick
     */
    PodTracker(Informer<Pod> pods, Runnable changed) {
        this.pods = pods;
        pods.setTransform(PodTracker::strip);
        pods.addHandler(new Handler<>() {
            @Override
            public void added(Pod pod) {
                touch(pod);
            }

            @Override
            public void updated(Pod before, Pod now) {
                // Most of what happens to a pod is no matter of policies.
                if (!PolicyReader.read(before).equals(PolicyReader.read(now))) {
                    touch(now);
                }
            }

            @Override
            public void deleted(Pod pod) {
                touch(pod);
            }

            private void touch(Pod pod) {
                synchronized (pending) {
                    dirty.add(new ObjectKey(
                            pod.getMetadata().getNamespace(), pod.getMetadata().getName()));
                }
                changed.run();
            }
        });
    }

    /** Drops what policies do not depend on: there are many pods. */
    private static Pod strip(Pod pod) {
        pod.getMetadata().setManagedFields(null);
        pod.getMetadata().setAnnotations(null);
        if (pod.getSpec() != null) {
            pod.getSpec().setVolumes(null);
            pod.getSpec().setAffinity(null);
            pod.getSpec().setTolerations(null);
            pod.getSpec().setTopologySpreadConstraints(null);
            pod.getSpec().getContainers().forEach(container -> {
                container.setEnv(null);
                container.setEnvFrom(null);
                container.setVolumeMounts(null);
                container.setCommand(null);
                container.setArgs(null);
                container.setResources(null);
                container.setLivenessProbe(null);
                container.setReadinessProbe(null);
                container.setStartupProbe(null);
            });
        }
        if (pod.getStatus() != null) {
            pod.getStatus().setConditions(null);
            pod.getStatus().setContainerStatuses(null);
            pod.getStatus().setInitContainerStatuses(null);
            pod.getStatus().setEphemeralContainerStatuses(null);
        }
        return pod;
    }

    /** All pods there are now; those that did not change are the same objects as before. */
    List<AlikePods> take() {
        Set<ObjectKey> keys;
        synchronized (pending) {
            keys = dirty;
            dirty = new HashSet<>();
        }
        Set<AlikePods.Shape> touched = new HashSet<>();
        for (ObjectKey key : keys) {
            Optional<PodFacts> now = pods.store().get(key).flatMap(PolicyReader::read);
            PodFacts before = facts.remove(key);
            if (before != null) {
                byShape.getOrDefault(before.shape(), new HashMap<>()).remove(key);
                touched.add(before.shape());
            }
            now.ifPresent(pod -> {
                facts.put(key, pod);
                byShape.computeIfAbsent(pod.shape(), any -> new LinkedHashMap<>())
                        .put(key, pod);
                touched.add(pod.shape());
            });
        }
        for (AlikePods.Shape shape : touched) {
            Map<ObjectKey, PodFacts> all = byShape.getOrDefault(shape, Map.of());
            if (all.isEmpty()) {
                byShape.remove(shape);
                alike.remove(shape);
            } else {
                alike.put(shape, new AlikePods(shape, List.copyOf(all.values())));
            }
        }
        return List.copyOf(alike.values());
    }
}
