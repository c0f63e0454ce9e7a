package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.strategy.ServiceStrategy;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Gives services their cluster addresses and node ports, that of their health checks among them. An address is claimed by creating the {@code IPAddress} object
 * of its name, so the store itself sees to it that no two services get the same, whatever server they were created by.
 */
final class ServiceAllocation {

    private static final GroupResource SERVICES = new GroupResource("", "services");
    private static final GroupResource ADDRESSES = new GroupResource("networking.k8s.io", "ipaddresses");

    private static final GroupResource RANGES = new GroupResource("networking.k8s.io", "servicecidrs");

    /** The range this server was started with, as an object. */
    static final String DEFAULT_RANGE = "kubernetes";

    private static final int FIRST_NODE_PORT = 30000;
    private static final int NODE_PORTS = 2768;
    private static final int ATTEMPTS = 256;
    private static final String HEALTH_CHECK = "healthCheckNodePort";
    private static final String ALLOCATED = "provided port is already allocated";

    /** A claim without a service is left behind by a crash; it may be taken over once its service can't come any more. */
    private static final Duration ABANDONED = Duration.ofMinutes(1);

    private final Backend backend;

    ServiceAllocation(Backend backend) {
        this.backend = backend;
    }

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
        if (!isExternal(service)) {
            ServiceFamilies.complete(
                    service,
                    old == null || isExternal(old) ? null : old,
                    backend.serviceRanges().stream().map(AddressRange::family).toList());
        }
    }

    private static boolean isExternal(KubeObject service) {
        return service.at("spec", "type").asString("ClusterIP").equals("ExternalName");
    }

    /**
     * Fills in what a service lacks, whose families are known.
     *
     * @return the addresses claimed by this call, to be released when the service is not stored
     */
    List<String> allocate(KubeObject service) {
        String type = service.at("spec", "type").asString("ClusterIP");
        ObjectNode spec = service.root().withObjectProperty("spec");
        if (type.equals("ExternalName")) {
            return List.of();
        }
        if (type.equals("NodePort") || type.equals("LoadBalancer")) {
            givePorts(service);
        }
        if (spec.path("clusterIP").asString("").equals("None")) {
            return List.of();
        }
        List<String> addresses = new ArrayList<>();
        List<String> claimed = new ArrayList<>();
        try {
            for (JsonNode family : spec.path("ipFamilies")) {
                String given = spec.path("clusterIPs").path(addresses.size()).asString("");
                if (given.isEmpty()) {
                    String address = claimAny(service, family.asString(""));
                    addresses.add(address);
                    claimed.add(address);
                } else {
                    if (claimGiven(given, service)) {
                        claimed.add(given);
                    }
                    addresses.add(given);
                }
            }
        } catch (ApiException e) {
            release(claimed);
            throw e;
        }
        if (!addresses.isEmpty()) {
            spec.put("clusterIP", addresses.getFirst());
            ArrayNode all = spec.putArray("clusterIPs");
            addresses.forEach(all::add);
        }
        return claimed;
    }

    /** Gives back what a service had and has no more. */
    void releaseFormer(KubeObject before, KubeObject now) {
        List<String> kept = addresses(now);
        releaseOf(
                before,
                addresses(before).stream().filter(each -> !kept.contains(each)).toList());
    }

    /** Gives addresses back. */
    void release(List<String> addresses) {
        ResourceDefinition definition = definition(ADDRESSES);
        for (String address : addresses) {
            try {
                backend.objects().change(definition, new ObjectKey("", claimName(address)), claim -> {
                    if (claim == null) {
                        throw ApiException.notFound(ADDRESSES, address);
                    }
                    return new Change.Delete(claim);
                });
            } catch (ApiException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }
    }

    /** Gives back what a service that is gone had. */
    void releaseOf(KubeObject service) {
        releaseOf(service, addresses(service));
    }

    private void releaseOf(KubeObject service, List<String> addresses) {
        release(addresses.stream()
                .filter(address -> {
                    StoredObject claim = claim(address);
                    return claim != null && isFor(claim.parse(), service.key());
                })
                .toList());
    }

    private static List<String> addresses(KubeObject service) {
        List<String> addresses = new ArrayList<>();
        for (JsonNode address : service.at("spec", "clusterIPs")) {
            String text = address.asString("");
            if (!text.equals("None") && !text.isEmpty()) {
                addresses.add(text);
            }
        }
        return addresses;
    }

    private String claimAny(KubeObject service, String family) {
        for (AddressRange range : ranges(family)) {
            for (int i = 0; i < ATTEMPTS; i++) {
                String address =
                        IpAddress.of(range.random(backend.platform().random())).text();
                if (claim(address, service)) {
                    return address;
                }
            }
        }
        throw ApiException.internal("failed to allocate a serviceIP: range is full");
    }

    /**
     * Where addresses of a family come from: the server's own range and others that are ready, unless they are going. None
     * when the server has no range of that family.
     */
    private List<AddressRange> ranges(String family) {
        List<AddressRange> own = backend.serviceRanges().stream()
                .filter(range -> range.family().equals(family))
                .toList();
        if (own.isEmpty()) {
            return List.of();
        }
        List<AddressRange> ranges = new ArrayList<>(own);
        backend.cache().list(RANGES).objects().scan("", entry -> {
            KubeObject range = entry.object().parse();
            if (range.name().equals(DEFAULT_RANGE)) {
                if (range.isBeingDeleted()) {
                    ranges.removeAll(own);
                }
            } else if (!range.isBeingDeleted() && isReady(range)) {
                for (JsonNode cidr : range.at("spec", "cidrs")) {
                    AddressRange.find(cidr.asString(""))
                            .filter(found -> found.family().equals(family))
                            .ifPresent(ranges::add);
                }
            }
            return true;
        });
        return ranges;
    }

    private static boolean isReady(KubeObject range) {
        for (JsonNode condition : range.at("status", "conditions")) {
            if (condition.path("type").asString("").equals("Ready")) {
                return condition.path("status").asString("").equals("True");
            }
        }
        return false;
    }

    /** Whether the address was claimed now; it may be the service's own already. */
    private boolean claimGiven(String address, KubeObject service) {
        InetAddress parsed;
        try {
            parsed = InetAddress.ofLiteral(address);
        } catch (IllegalArgumentException e) {
            throw refused(service, address, "must be a valid IP address");
        }
        if (ranges(ServiceFamilies.of(address)).stream().noneMatch(range -> range.contains(parsed))) {
            throw refused(
                    service,
                    address,
                    "failed to allocate IP " + address + ": the provided IP is not in the valid range");
        }
        if (claim(address, service)) {
            return true;
        }
        StoredObject claim = claim(address);
        if (claim != null && isFor(claim.parse(), service.key())) {
            return false;
        }
        throw refused(service, address, "failed to allocate IP " + address + ": provided IP is already allocated");
    }

    private boolean claim(String address, KubeObject service) {
        KubeObject claim = KubeObject.of("networking.k8s.io/v1", "IPAddress");
        claim.setMetadata("name", claimName(address));
        ObjectNode labels = claim.metadata().putObject("labels");
        labels.put("ipaddress.kubernetes.io/ip-family", ServiceFamilies.of(address));
        labels.put("ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io");
        ObjectNode parent = claim.root().putObject("spec").putObject("parentRef");
        parent.put("group", "");
        parent.put("resource", "services");
        parent.put("namespace", service.namespace());
        parent.put("name", service.name());
        Instant now = backend.platform().clock().instant();
        Lifecycle.begin(claim, now, backend.platform().random());
        try {
            backend.objects().create(definition(ADDRESSES), claim);
            return true;
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
            return takeOver(address, claim, now);
        }
    }

    private boolean takeOver(String address, KubeObject claim, Instant now) {
        StoredObject stored = claim(address);
        if (stored == null) {
            return false;
        }
        KubeObject present = stored.parse();
        Instant since = present.creationTimestamp();
        JsonNode parent = present.at("spec", "parentRef");
        ObjectKey owner = new ObjectKey(
                parent.path("namespace").asString(""), parent.path("name").asString(""));
        boolean abandoned = since != null
                && since.plus(ABANDONED).isBefore(now)
                && backend.objects().getStored(definition(SERVICES), owner) == null;
        if (!abandoned) {
            return false;
        }
        boolean[] won = {false};
        backend.objects().change(definition(ADDRESSES), new ObjectKey("", claimName(address)), current -> {
            won[0] = current != null && current.uid().equals(present.uid());
            if (current == null) {
                throw ApiException.notFound(ADDRESSES, address);
            }
            return won[0] ? new Change.Write(claim) : new Change.Keep();
        });
        return won[0];
    }

    private static boolean isFor(KubeObject claim, ObjectKey service) {
        JsonNode parent = claim.at("spec", "parentRef");
        return parent.path("namespace").asString("").equals(service.namespace())
                && parent.path("name").asString("").equals(service.name());
    }

    /** The canonical form: a service may write its address otherwise. */
    private static String claimName(String address) {
        return IpAddress.parse(address).map(IpAddress::text).orElse(address);
    }

    private @Nullable StoredObject claim(String address) {
        return backend.objects().getStored(definition(ADDRESSES), new ObjectKey("", claimName(address)));
    }

    private void givePorts(KubeObject service) {
        Set<Integer> taken = new HashSet<>();
        backend.cache().list(SERVICES).objects().scan("", entry -> {
            KubeObject other = entry.object().parse();
            if (!other.uid().equals(service.uid())) {
                for (JsonNode port : other.at("spec", "ports")) {
                    taken.add(port.path("nodePort").asInt(0));
                }
                taken.add(other.at("spec", HEALTH_CHECK).asInt(0));
            }
            return true;
        });
        Map<String, Integer> wanted = checkGivenPorts(service, taken);
        taken.addAll(wanted.values());
        // What somebody chose is kept from being given away, whichever field it stands in.
        if (ServiceStrategy.needsHealthCheck(service.at("spec"))) {
            int chosen = service.at("spec", HEALTH_CHECK).asInt(0);
            if (chosen != 0) {
                checkHealthCheckPort(service, chosen, taken);
                taken.add(chosen);
            }
        }
        for (JsonNode port : service.at("spec", "ports")) {
            if (port instanceof ObjectNode node && node.path("nodePort").asInt(0) == 0) {
                // One number serves several protocols on the same port.
                String number = node.path("port").asString("");
                Integer given = wanted.get(number);
                if (given == null
                        || isUsed(service, given, node.path("protocol").asString("TCP"))) {
                    given = anyPort(taken);
                    taken.add(given);
                    wanted.put(number, given);
                }
                node.put("nodePort", given);
            }
        }
        ObjectNode spec = service.root().withObjectProperty("spec");
        if (ServiceStrategy.needsHealthCheck(spec) && spec.path(HEALTH_CHECK).asInt(0) == 0) {
            spec.put(HEALTH_CHECK, anyPort(taken));
        }
    }

    private static void checkHealthCheckPort(KubeObject service, int port, Set<Integer> taken) {
        String refused = !isNodePort(port) ? outOfRange() : taken.contains(port) ? ALLOCATED : "";
        if (!refused.isEmpty()) {
            throw ApiException.invalid(
                    "",
                    "Service",
                    service.name(),
                    List.of(FieldError.invalid(
                            "spec." + HEALTH_CHECK,
                            port,
                            "failed to allocate requested HealthCheck NodePort " + port + ": " + refused)));
        }
    }

    private static boolean isNodePort(int port) {
        return port >= FIRST_NODE_PORT && port < FIRST_NODE_PORT + NODE_PORTS;
    }

    private static String outOfRange() {
        return "provided port is not in the valid range. The range of valid ports is " + FIRST_NODE_PORT + "-"
                + (FIRST_NODE_PORT + NODE_PORTS - 1);
    }

    /** Refuses node ports that a client chose and can't have; the others by the service's port. */
    private static Map<String, Integer> checkGivenPorts(KubeObject service, Set<Integer> taken) {
        Map<String, Integer> given = new HashMap<>();
        List<FieldError> errors = new ArrayList<>();
        int index = 0;
        for (JsonNode port : service.at("spec", "ports")) {
            int nodePort = port.path("nodePort").asInt(0);
            String path = "spec.ports[" + index + "].nodePort";
            index++;
            if (nodePort == 0) {
                continue;
            }
            if (!isNodePort(nodePort)) {
                errors.add(FieldError.invalid(path, nodePort, outOfRange()));
            } else if (taken.contains(nodePort)) {
                errors.add(FieldError.invalid(path, nodePort, ALLOCATED));
            } else {
                given.put(port.path("port").asString(""), nodePort);
            }
        }
        if (!errors.isEmpty()) {
            throw ApiException.invalid("", "Service", service.name(), errors);
        }
        return given;
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

    private int anyPort(Set<Integer> taken) {
        int start = backend.platform().random().nextInt(NODE_PORTS);
        for (int i = 0; i < NODE_PORTS; i++) {
            int port = FIRST_NODE_PORT + (start + i) % NODE_PORTS;
            if (!taken.contains(port)) {
                return port;
            }
        }
        throw ApiException.internal("failed to allocate a nodePort: range is full");
    }

    private ResourceDefinition definition(GroupResource resource) {
        return backend.resources().find(resource).orElseThrow();
    }

    private static ApiException refused(KubeObject service, String address, String detail) {
        return ApiException.invalid(
                "", "Service", service.name(), List.of(FieldError.invalid("spec.clusterIPs", address, detail)));
    }
}
