package io.mokube.scheduler.snapshot;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.selector.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which pods belong together: those of one service and those of one controller. Spreading by default goes by it.
 *
 * @param byNamespace what there is in each namespace
 */
public record Workloads(Map<String, InNamespace> byNamespace) {

    static final Workloads NONE = new Workloads(Map.of());

    public Workloads {
        byNamespace = Map.copyOf(byNamespace);
    }

    /**
     * A controller whose pods are alike, by kind and name.
     *
     * @param kind ReplicaSet, ReplicationController or StatefulSet
     */
    public record Controller(String kind, ObjectKey key) {}

    /** The selectors of controllers and, by name, of services. */
    record InNamespace(Map<Controller, LabelSelector> controllers, Map<String, LabelSelector> services) {

        static final InNamespace EMPTY = new InNamespace(Map.of(), Map.of());

        InNamespace {
            controllers = Map.copyOf(controllers);
            services = Map.copyOf(services);
        }

        InNamespace withController(Controller controller, Optional<LabelSelector> selector) {
            return new InNamespace(with(controllers, controller, selector), services);
        }

        InNamespace withService(String name, Optional<LabelSelector> selector) {
            return new InNamespace(controllers, with(services, name, selector));
        }

        private static <K> Map<K, LabelSelector> with(
                Map<K, LabelSelector> selectors, K key, Optional<LabelSelector> selector) {
            Map<K, LabelSelector> changed = new HashMap<>(selectors);
            selector.ifPresentOrElse(stated -> changed.put(key, stated), () -> changed.remove(key));
            return changed;
        }
    }

    /**
     * What selects the pods like this one, as kube-scheduler puts it together: everything that the services which select
     * the pod ask for, and the pod's controller. Empty when there is neither.
     */
    public Optional<LabelSelector> selectorOf(PodInfo pod) {
        InNamespace here = byNamespace.get(pod.key().namespace());
        if (here == null) {
            return Optional.empty();
        }
        List<Requirement> requirements = new ArrayList<>();
        for (LabelSelector service : here.services().values()) {
            if (service.matches(pod.labels())) {
                requirements.addAll(service.requirements());
            }
        }
        pod.controller()
                .map(controller -> here.controllers().get(controller))
                .ifPresent(selector -> requirements.addAll(selector.requirements()));
        return requirements.isEmpty() ? Optional.empty() : Optional.of(new LabelSelector(requirements));
    }
}
