package io.mokube.proxy.policy.model;

import java.util.List;
import java.util.Map;

/** Pods that no selector tells apart. A set of pods in which none changed stays the same object. */
public record AlikePods(Shape shape, List<PodFacts> pods) {

    public AlikePods {
        pods = List.copyOf(pods);
    }

    /** What selectors look at. */
    public record Shape(String namespace, Map<String, String> labels) {
        public Shape {
            labels = Map.copyOf(labels);
        }
    }
}
