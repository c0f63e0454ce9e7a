package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which service has which cluster address. An address is claimed by creating the {@code IPAddress} object of its name, so the
 * store itself sees to it that no two services get the same, whatever servers they were created by.
 */
final class ClusterAddresses {

    private static final GroupResource SERVICES = new GroupResource("", "services");
    private static final GroupResource ADDRESSES = new GroupResource("networking.k8s.io", "ipaddresses");
    private static final GroupResource RANGES = new GroupResource("networking.k8s.io", "servicecidrs");

    /** The range this server was started with, as an object. */
    static final String DEFAULT_RANGE = "kubernetes";

    private final Backend backend;

    ClusterAddresses(Backend backend) {
        this.backend = backend;
    }

    /** The addresses that a service has. */
    static List<String> of(KubeObject service) {
        List<String> addresses = new ArrayList<>();
        for (JsonNode address : service.at("spec", "clusterIPs")) {
            String text = address.asString("");
            if (!text.equals("None") && !text.isEmpty()) {
                addresses.add(text);
            }
        }
        return addresses;
    }

    /**
     * Claims some address of a family that is free.
     *
     * @throws ApiException 500 when there is none
     */
    String claimAny(KubeObject service, String family) {
        List<AddressRange> ranges = ranges(family);
        return ranges.stream()
                .flatMap(range -> claimFree(range, service).stream())
                .findFirst()
                .or(() -> claimAbandoned(ranges, service))
                .orElseThrow(() -> ApiException.internal("failed to allocate a serviceIP: range is full"));
    }

    private Optional<String> claimFree(AddressRange range, KubeObject service) {
        long left = range.leftToChoose();
        return claimFree(range, left, range.count() - left, service)
                .or(() -> left == 0 ? Optional.empty() : claimFree(range, 0, left, service));
    }

    /** Of a part of the range, from some place on. */
    private Optional<String> claimFree(AddressRange range, long first, long count, KubeObject service) {
        long start = backend.platform().random().nextLong(count);
        for (long i = 0; i < count; i++) {
            String address =
                    IpAddress.of(range.get(first + (start + i) % count)).text();
            if (backend.cache().get(ADDRESSES, new ObjectKey("", address)) == null && claim(address, service)) {
                return Optional.of(address);
            }
        }
        return Optional.empty();
    }

    /** A crash may leave addresses claimed for services that never came. */
    private Optional<String> claimAbandoned(List<AddressRange> ranges, KubeObject service) {
        List<String> found = new ArrayList<>();
        backend.cache().list(ADDRESSES).objects().scan("", entry -> {
            KubeObject claim = entry.object().parse();
            CachedObject owner = backend.cache().get(SERVICES, owner(claim));
            InetAddress address = InetAddress.ofLiteral(claim.name());
            if ((owner == null || !has(owner.object().parse(), claim.name()))
                    && ranges.stream().anyMatch(range -> range.contains(address))
                    && claim(claim.name(), service)) {
                found.add(claim.name());
            }
            return found.isEmpty();
        });
        return found.stream().findFirst();
    }

    /** Gives an address back, unless another service has it. */
    void release(String address, KubeObject service) {
        StoredObject claim = claim(address);
        // A service of the same name may have come since.
        if (claim == null || !owner(claim.parse()).equals(service.key()) || has(service.key(), address)) {
            return;
        }
        try {
            backend.objects().change(definition(ADDRESSES), new ObjectKey("", claimName(address)), present -> {
                if (present == null) {
                    throw ApiException.notFound(ADDRESSES, address);
                }
                return new Change.Delete(present);
            });
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
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

    /**
     * Claims an address that somebody chose.
     *
     * @return whether it was claimed now; it may be the service's own already
     * @throws ApiException 422 when the service can't have it
     */
    boolean claimGiven(String address, KubeObject service) {
        InetAddress parsed;
        try {
            parsed = InetAddress.ofLiteral(address);
        } catch (IllegalArgumentException e) {
            throw refused(service, address, "must be a valid IP address");
        }
        if (ranges(Family.of(address).apiName()).stream().noneMatch(range -> range.contains(parsed))) {
            throw refused(
                    service,
                    address,
                    "failed to allocate IP " + address + ": the provided IP is not in the valid range");
        }
        if (claim(address, service)) {
            return true;
        }
        StoredObject claim = claim(address);
        if (claim != null && owner(claim.parse()).equals(service.key())) {
            return false;
        }
        throw refused(service, address, "failed to allocate IP " + address + ": provided IP is already allocated");
    }

    private boolean claim(String address, KubeObject service) {
        KubeObject claim = KubeObject.of("networking.k8s.io/v1", "IPAddress");
        claim.setMetadata("name", claimName(address));
        ObjectNode labels = claim.metadata().putObject("labels");
        labels.put("ipaddress.kubernetes.io/ip-family", Family.of(address).apiName());
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
        boolean abandoned =
                since != null && since.plus(ServiceAllocation.ABANDONED).isBefore(now) && !has(owner(present), address);
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

    private boolean has(ObjectKey service, String address) {
        StoredObject stored = backend.objects().getStored(definition(SERVICES), service);
        return stored != null && has(stored.parse(), address);
    }

    private static boolean has(KubeObject service, String address) {
        return of(service).stream().anyMatch(each -> claimName(each).equals(claimName(address)));
    }

    /** The service that an address is claimed for. */
    private static ObjectKey owner(KubeObject claim) {
        JsonNode parent = claim.at("spec", "parentRef");
        return new ObjectKey(
                parent.path("namespace").asString(""), parent.path("name").asString(""));
    }

    /** The canonical form: a service may write its address otherwise. */
    private static String claimName(String address) {
        return IpAddress.parse(address).map(IpAddress::text).orElse(address);
    }

    private @Nullable StoredObject claim(String address) {
        return backend.objects().getStored(definition(ADDRESSES), new ObjectKey("", claimName(address)));
    }

    private ResourceDefinition definition(GroupResource resource) {
        return backend.resources().find(resource).orElseThrow();
    }

    private static ApiException refused(KubeObject service, String address, String detail) {
        return ApiException.invalid(
                "", "Service", service.name(), List.of(FieldError.invalid("spec.clusterIPs", address, detail)));
    }
}
