package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.strategy.ServiceStrategy;
import io.mokube.apiserver.storage.KeyValueStore.UnavailableException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Gives services their cluster addresses and node ports, that of their health checks among them. */
final class ServiceAllocation {

    private static final Logger log = LoggerFactory.getLogger(ServiceAllocation.class);
    private static final GroupResource SERVICES = new GroupResource("", "services");
    private static final String HEALTH_CHECK = "healthCheckNodePort";
    private static final String ALLOCATED = "provided port is already allocated";

    /** A claim without a service is left behind by a crash; it may be taken over once its service can't come any more. */
    static final Duration ABANDONED = Duration.ofMinutes(1);

    private final Backend backend;
    private final ClusterAddresses addresses;
    private final NodePorts ports;

    ServiceAllocation(Backend backend) {
        this.backend = backend;
        this.addresses = new ClusterAddresses(backend);
        this.ports = new NodePorts(backend.store(), this::stored, backend.platform());
    }

    /** What one write of a service claims that the service did not have: given back when nothing is written. */
    record Claims(KubeObject service, List<String> addresses, Set<Integer> ports) {}

    static boolean concerns(ResourceDefinition definition) {
        return definition.groupResource().equals(SERVICES);
    }

    /**
     * Decides about the families of a service's addresses; nothing is given to it yet.
     *
     * @param old the service before an update, or null
     * @throws ApiException 422 when it can't have those it asks for
     */
    void completeFamilies(KubeObject service, @Nullable KubeObject old) {
        if (hasAddresses(service)) {
            ServiceFamilies.complete(
                    service,
                    old == null || !hasAddresses(old) ? null : old,
                    backend.serviceRanges().stream().map(AddressRange::family).toList());
        }
    }

    private @Nullable KubeObject stored(ObjectKey service) {
        StoredObject stored =
                backend.objects().getStored(backend.resources().find(SERVICES).orElseThrow(), service);
        return stored == null ? null : stored.parse();
    }

    private static String type(KubeObject service) {
        return service.at("spec", "type").asString("ClusterIP");
    }

    private static boolean hasAddresses(KubeObject service) {
        return !type(service).equals("ExternalName");
    }

    /**
     * Fills in what a service lacks, whose families are known. What it has already is its own.
     *
     * @param old the service before an update, or null
     * @throws ApiException 422 when it can't have what it asks for; nothing is claimed then
     */
    Claims allocate(KubeObject service, @Nullable KubeObject old) {
        Claims claims = new Claims(service, new ArrayList<>(), new HashSet<>());
        try {
            if (hasAddresses(service)
                    && !service.at("spec", "clusterIP").asString("").equals("None")) {
                giveAddresses(service, old == null ? List.of() : ClusterAddresses.of(old), claims);
            }
            if (type(service).equals("NodePort") || type(service).equals("LoadBalancer")) {
                givePorts(service, old == null ? Set.of() : NodePorts.of(old), claims);
            }
        } catch (ApiException e) {
            giveBack(claims);
            throw e;
        }
        return claims;
    }

    /** Gives back what was claimed for a service that is not written. */
    void giveBack(Claims claims) {
        release(claims.service(), claims.addresses(), claims.ports());
    }

    /** Gives back what a service had and has no more. */
    void releaseFormer(KubeObject before, KubeObject now) {
        List<String> addresses = new ArrayList<>(ClusterAddresses.of(before));
        addresses.removeAll(ClusterAddresses.of(now));
        Set<Integer> ports = new HashSet<>(NodePorts.of(before));
        ports.removeAll(NodePorts.of(now));
        release(before, addresses, ports);
    }

    /** Gives back what a service that is gone had. */
    void releaseOf(KubeObject service) {
        release(service, ClusterAddresses.of(service), NodePorts.of(service));
    }

    /** What can't be given back now is abandoned: who asks for it later takes it over. */
    private void release(KubeObject service, Collection<String> formerAddresses, Collection<Integer> formerPorts) {
        try {
            formerAddresses.forEach(address -> addresses.release(address, service));
            formerPorts.forEach(port -> ports.release(port, service));
        } catch (ApiException | UnavailableException e) {
            log.atInfo()
                    .setMessage("a service leaves addresses or ports claimed")
                    .addKeyValue("service", service.key())
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    private void giveAddresses(KubeObject service, List<String> own, Claims claims) {
        ObjectNode spec = service.root().withObjectProperty("spec");
        List<String> given = new ArrayList<>();
        for (JsonNode family : spec.path("ipFamilies")) {
            String chosen = spec.path("clusterIPs").path(given.size()).asString("");
            if (chosen.isEmpty()) {
                chosen = addresses.claimAny(service, family.asString(""));
                claims.addresses().add(chosen);
            } else if (!own.contains(chosen) && addresses.claimGiven(chosen, service)) {
                claims.addresses().add(chosen);
            }
            given.add(chosen);
        }
        if (!given.isEmpty()) {
            spec.put("clusterIP", given.getFirst());
            ArrayNode all = spec.putArray("clusterIPs");
            given.forEach(all::add);
        }
    }

    private void givePorts(KubeObject service, Set<Integer> own, Claims claims) {
        Map<String, Integer> given = claimChosen(service, own, claims);
        ObjectNode spec = service.root().withObjectProperty("spec");
        boolean isHealthChecked = ServiceStrategy.needsHealthCheck(spec);
        int chosen = spec.path(HEALTH_CHECK).asInt(0);
        // What somebody chose is kept from being given away, whichever field it stands in.
        if (isHealthChecked && chosen != 0) {
            String refused = given.containsValue(chosen) ? ALLOCATED : claimChosen(service, chosen, own, claims);
            if (!refused.isEmpty()) {
                throw invalid(
                        service,
                        List.of(FieldError.invalid(
                                "spec." + HEALTH_CHECK,
                                chosen,
                                "failed to allocate requested HealthCheck NodePort " + chosen + ": " + refused)));
            }
        }
        if (type(service).equals("NodePort")
                || spec.path("allocateLoadBalancerNodePorts").asBoolean(true)) {
            giveMissing(service, given, claims);
        }
        if (isHealthChecked && chosen == 0) {
            spec.put(HEALTH_CHECK, claimAny(service, claims));
        }
    }

    /**
     * Claims the node ports that somebody chose.
     *
     * @return them by the service's ports
     */
    private Map<String, Integer> claimChosen(KubeObject service, Set<Integer> own, Claims claims) {
        Map<String, Integer> chosen = new HashMap<>();
        List<FieldError> errors = new ArrayList<>();
        int index = 0;
        for (JsonNode port : service.at("spec", "ports")) {
            int nodePort = port.path("nodePort").asInt(0);
            if (nodePort != 0) {
                String refused = claimChosen(service, nodePort, own, claims);
                if (refused.isEmpty()) {
                    chosen.put(port.path("port").asString(""), nodePort);
                } else {
                    errors.add(FieldError.invalid("spec.ports[" + index + "].nodePort", nodePort, refused));
                }
            }
            index++;
        }
        if (!errors.isEmpty()) {
            throw invalid(service, errors);
        }
        return chosen;
    }

    /** Why a service can't have a port, which is claimed otherwise: then empty. */
    private String claimChosen(KubeObject service, int port, Set<Integer> own, Claims claims) {
        if (own.contains(port) || claims.ports().contains(port)) {
            return "";
        }
        if (!NodePorts.isValid(port)) {
            return NodePorts.outOfRange();
        }
        if (!ports.claim(port, service)) {
            return ALLOCATED;
        }
        claims.ports().add(port);
        return "";
    }

    private void giveMissing(KubeObject service, Map<String, Integer> given, Claims claims) {
        for (JsonNode port : service.at("spec", "ports")) {
            if (port instanceof ObjectNode node && node.path("nodePort").asInt(0) == 0) {
                // One number serves several protocols on the same port.
                String number = node.path("port").asString("");
                Integer shared = given.get(number);
                if (shared == null
                        || isUsed(service, shared, node.path("protocol").asString("TCP"))) {
                    shared = claimAny(service, claims);
                    given.put(number, shared);
                }
                node.put("nodePort", shared);
            }
        }
    }

    private int claimAny(KubeObject service, Claims claims) {
        int port = ports.claimAny(service);
        claims.ports().add(port);
        return port;
    }

    private static boolean isUsed(KubeObject service, int nodePort, String protocol) {
        for (JsonNode port : service.at("spec", "ports")) {
            if (port.path("nodePort").asInt(0) == nodePort
                    && port.path("protocol").asString("TCP").equals(protocol)) {
                return true;
            }
        }
        return false;
    }

    private static ApiException invalid(KubeObject service, List<FieldError> errors) {
        return ApiException.invalid("", "Service", service.name(), errors);
    }
}
