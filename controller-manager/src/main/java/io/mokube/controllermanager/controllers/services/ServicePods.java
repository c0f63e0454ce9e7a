package io.mokube.controllermanager.controllers.services;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.address.Family;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A pod as an endpoint of a service. Pure. */
public final class ServicePods {

    private ServicePods() {}

    /** Whether the pod has an address to be told of and has not ended. */
    public static boolean isEndpoint(Pod pod) {
        return !PodFacts.isFinished(pod) && !ips(pod).isEmpty();
    }

    /** The pod's addresses of one family, {@code IPv4} or {@code IPv6}. */
    public static List<String> addresses(Pod pod, String family) {
        return ips(pod).stream()
                .filter(ip -> Family.of(ip).apiName().equals(family))
                .toList();
    }

    /** All the pod's addresses, as its status has them. */
    public static List<String> ips(Pod pod) {
        @Nullable PodStatus status = pod.getStatus();
        if (status == null) {
            return List.of();
        }
        @Nullable List<PodIP> all = status.getPodIPs();
        if (all != null && !all.isEmpty()) {
            return all.stream().map(PodIP::getIp).filter(Objects::nonNull).toList();
        }
        @Nullable String only = status.getPodIP();
        return only == null || only.isEmpty() ? List.of() : List.of(only);
    }

    /** The name under which DNS knows the pod, if it has one in this service's domain. */
    public static Optional<String> hostname(Pod pod, Service service) {
        @Nullable String hostname = pod.getSpec().getHostname();
        return hostname == null
                        || hostname.isEmpty()
                        || !service.getMetadata().getName().equals(pod.getSpec().getSubdomain())
                ? Optional.empty()
                : Optional.of(hostname);
    }

    /** The number of the pod's port that a service's port leads to; empty when the pod has none of that name. */
    public static OptionalInt targetPort(Pod pod, ServicePort port) {
        @Nullable IntOrString target = port.getTargetPort();
        if (target == null) {
            return OptionalInt.of(port.getPort());
        }
        @Nullable String name = target.getStrVal();
        if (name == null) {
            return OptionalInt.of(target.getIntVal());
        }
        OptionalInt found = named(pod.getSpec().getContainers(), name, protocol(port), false);
        return found.isPresent() ? found : named(pod.getSpec().getInitContainers(), name, protocol(port), true);
    }

    private static OptionalInt named(
            @Nullable List<Container> containers, String name, String protocol, boolean onlySidecars) {
        for (Container container : containers == null ? List.<Container>of() : containers) {
            if (onlySidecars && !"Always".equals(container.getRestartPolicy())) {
                continue;
            }
            @Nullable List<ContainerPort> ports = container.getPorts();
            for (ContainerPort port : ports == null ? List.<ContainerPort>of() : ports) {
                if (name.equals(port.getName())
                        && protocol.equals(Objects.requireNonNullElse(port.getProtocol(), "TCP"))) {
                    return OptionalInt.of(port.getContainerPort());
                }
            }
        }
        return OptionalInt.empty();
    }

    public static String protocol(ServicePort port) {
        return Objects.requireNonNullElse(port.getProtocol(), "TCP");
    }

    /** How endpoints name the pod behind them. */
    public static ObjectReference reference(Pod pod) {
        return new ObjectReferenceBuilder()
                .withKind("Pod")
                .withNamespace(Ownership.namespace(pod))
                .withName(pod.getMetadata().getName())
                .withUid(pod.getMetadata().getUid())
                .build();
    }
}
