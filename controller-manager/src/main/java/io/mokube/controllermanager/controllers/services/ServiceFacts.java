package io.mokube.controllermanager.controllers.services;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a service says about its endpoints. Pure. */
public final class ServiceFacts {

    /** Marks endpoints of a service without a cluster address. */
    public static final String HEADLESS = "service.kubernetes.io/headless";

    /** When what led to the present endpoints happened; latencies are measured by it. */
    public static final String TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

    private ServiceFacts() {}

    public static boolean hasSelector(Service service) {
        return !selector(service).isEmpty();
    }

    /** Whether the service's endpoints are the pods it selects. Those of others are made by somebody else. */
    public static boolean selectsPods(Service service) {
        return hasSelector(service) && !"ExternalName".equals(spec(service).getType());
    }

    /** Whether the service selects this pod of its namespace. */
    public static boolean selects(Service service, Pod pod) {
        Map<String, String> selector = selector(service);
        return !selector.isEmpty() && LabelSelector.ofLabels(selector).matches(Ownership.labels(pod));
    }

    /** Whether the service has no cluster address, or none yet. */
    public static boolean isHeadless(Service service) {
        @Nullable String address = spec(service).getClusterIP();
        return address == null || address.isEmpty() || address.equals("None");
    }

    public static boolean publishesNotReady(Service service) {
        return Boolean.TRUE.equals(spec(service).getPublishNotReadyAddresses());
    }

    public static List<ServicePort> ports(Service service) {
        @Nullable List<ServicePort> ports = spec(service).getPorts();
        return ports == null ? List.of() : ports;
    }

    /** The families of the service's endpoints, {@code IPv4} and {@code IPv6}, the main one first. */
    public static List<String> families(Service service) {
        @Nullable List<String> families = spec(service).getIpFamilies();
        if (families != null && !families.isEmpty()) {
            return families;
        }
        // The API server fills families in; a service without them was written by something else.
        if (isHeadless(service)) {
            return List.of(Family.IPV4.apiName(), Family.IPV6.apiName());
        }
        return List.of(Family.of(spec(service).getClusterIP()).apiName());
    }

    public static ServiceSpec spec(Service service) {
        @Nullable ServiceSpec spec = service.getSpec();
        return spec == null ? new ServiceSpec() : spec;
    }

    private static Map<String, String> selector(Service service) {
        @Nullable Map<String, String> selector = spec(service).getSelector();
        return selector == null ? Map.of() : selector;
    }
}
