package io.mokube.ingress;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service of type LoadBalancer in front of all instances, and this instance's place behind it: a slice of its own. So an
 * ingress needs no fixed port of any machine, and has the address of a load balancer. Who changes the service's type or
 * asks for an address there is not overruled.
 */
final class Publication {

    static final ObjectKey SERVICE = new ObjectKey("kube-system", "mokube-ingress");

    private static final Logger log = LoggerFactory.getLogger(Publication.class);

    private final IngressConfig config;
    private final String address;
    private final ResourceClient<Service> services;
    private final ResourceClient<EndpointSlice> slices;
    private final ObjectKey slice;

    Publication(IngressConfig config, String address, ApiClient client) {
        this.config = config;
        this.address = address;
        services = client.resource(Service.class);
        slices = client.resource(EndpointSlice.class);
        slice = new ObjectKey(SERVICE.namespace(), SERVICE.name() + "-" + config.instance());
    }

    /** Makes what is missing. */
    void ensure(boolean serviceIsThere, int httpPort, int httpsPort) {
        if (!serviceIsThere) {
            try {
                services.create(service());
            } catch (ApiException e) {
                if (!e.isAlreadyExists()) {
                    throw e;
                }
            }
        }
        EndpointSlice wanted = slice(httpPort, httpsPort);
        Optional<EndpointSlice> present = slices.get(slice);
        if (present.isEmpty()) {
            slices.create(wanted);
        } else if (!wanted.getEndpoints().equals(present.get().getEndpoints())
                || !wanted.getPorts().equals(present.get().getPorts())) {
            slices.update(wanted);
        }
    }

    private static Service service() {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(SERVICE.namespace())
                .withName(SERVICE.name())
                .endMetadata()
                .withNewSpec()
                .withType("LoadBalancer")
                .addNewPort()
                .withName("http")
                .withPort(80)
                .endPort()
                .addNewPort()
                .withName("https")
                .withPort(443)
                .endPort()
                .endSpec()
                .build();
    }

    private EndpointSlice slice(int httpPort, int httpsPort) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(slice.namespace())
                .withName(slice.name())
                .addToLabels("kubernetes.io/service-name", SERVICE.name())
                .addToLabels("endpointslice.kubernetes.io/managed-by", "ingress.mokube.io")
                .endMetadata()
                .withAddressType(address.indexOf(':') < 0 ? "IPv4" : "IPv6")
                .addNewPort()
                .withName("http")
                .withProtocol("TCP")
                .withPort(httpPort)
                .endPort()
                .addNewPort()
                .withName("https")
                .withProtocol("TCP")
                .withPort(httpsPort)
                .endPort()
                .addNewEndpoint()
                .withAddresses(address)
                .withNewConditions()
                .withReady(true)
                .endConditions()
                .withNodeName(config.nodeName().orElse(null))
                .endEndpoint()
                .build();
    }

    /** Takes this instance from behind the service, when the API server can be reached. */
    void withdraw() {
        try {
            slices.delete(slice, DeleteOptions.DEFAULT);
        } catch (ApiException | ConnectionException e) {
            log.atInfo()
                    .setMessage("the ingress stays among the endpoints of its service")
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    /** The addresses that a service of type LoadBalancer has. */
    static List<LoadBalancerIngress> addresses(Optional<Service> service) {
        return service.map(Service::getStatus)
                .map(status -> status.getLoadBalancer())
                .map(balancer -> balancer.getIngress())
                .orElse(List.of());
    }
}
