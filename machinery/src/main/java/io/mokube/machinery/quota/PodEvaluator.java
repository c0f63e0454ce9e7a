package io.mokube.machinery.quota;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts.Amount;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Pods count for one and for what they request and are limited to, until they have ended or outstayed their grace
 * period. Under {@code count/pods} they count as long as they are stored.
 */
enum PodEvaluator implements Evaluator {
    INSTANCE;

    private static final String COUNT = CountEvaluator.countName(new GroupResource("", "pods"));
    private static final String PODS = "pods";
    private static final String REQUESTS = "requests.";
    private static final String LIMITS = "limits.";
    private static final String HUGE_PAGES = "hugepages-";
    private static final Set<String> COMPUTE = Set.of("cpu", "memory", "ephemeral-storage");

    /** When a quota limits these, Kubernetes wants every container to say how much it takes. */
    private static final Set<String> TO_BE_STATED =
            Set.of("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory");

    @Override
    public boolean measures(String name) {
        return name.equals(COUNT)
                || name.equals(PODS)
                || COMPUTE.contains(name)
                || name.startsWith(HUGE_PAGES)
                || isOfCompute(name, REQUESTS)
                || isOfCompute(name, LIMITS)
                || name.startsWith(REQUESTS + HUGE_PAGES)
                || isExtended(name);
    }

    private static boolean isOfCompute(String name, String prefix) {
        return name.startsWith(prefix) && COMPUTE.contains(name.substring(prefix.length()));
    }

    /** Whether a name is a request of a resource that Kubernetes does not define itself. */
    private static boolean isExtended(String name) {
        return name.startsWith(REQUESTS) && isForeign(name.substring(REQUESTS.length()));
    }

    private static boolean isForeign(String name) {
        return name.indexOf('/') >= 0 && !name.substring(0, name.indexOf('/')).endsWith("kubernetes.io");
    }

    @Override
    public Amounts usage(KubeObject pod, Instant now) {
        Amounts usage = Amounts.NONE.with(COUNT, Amount.ONE);
        return hasEnded(pod, now)
                ? usage
                : usage.plus(named(PodResources.REQUESTS.counted(pod), PodResources.LIMITS.counted(pod)));
    }

    private static boolean hasEnded(KubeObject pod, Instant now) {
        String phase = pod.at("status", "phase").asString("");
        if (phase.equals("Succeeded") || phase.equals("Failed")) {
            return true;
        }
        Instant end = pod.deletionTimestamp();
        JsonNode grace = pod.at("metadata", "deletionGracePeriodSeconds");
        return end != null && grace.isNumber() && now.isAfter(end.plusSeconds(grace.asLong(0)));
    }

    /** Requests and limits under the names that quotas give them. */
    private static Amounts named(Amounts requests, Amounts limits) {
        SortedMap<String, Amount> named = new TreeMap<>();
        named.put(PODS, Amount.ONE);
        requests.byName().forEach((name, amount) -> {
            if (COMPUTE.contains(name) || name.startsWith(HUGE_PAGES)) {
                named.put(name, amount);
                named.put(REQUESTS + name, amount);
            } else if (isForeign(name)) {
                named.put(REQUESTS + name, amount);
            }
        });
        limits.byName().forEach((name, amount) -> {
            if (COMPUTE.contains(name)) {
                named.put(LIMITS + name, amount);
            }
        });
        return new Amounts(named);
    }

    @Override
    public Optional<String> missing(Collection<String> limited, KubeObject pod) {
        if (PodResources.hasPodLevel(pod)) {
            return Optional.empty();
        }
        SortedMap<String, SortedSet<String>> containers = new TreeMap<>();
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : pod.at("spec", list)) {
                JsonNode resources = container.path("resources");
                Amounts stated = named(Amounts.of(resources.path("requests")), Amounts.of(resources.path("limits")));
                for (String name : limited) {
                    if (TO_BE_STATED.contains(name) && !stated.has(name)) {
                        containers
                                .computeIfAbsent(name, any -> new TreeSet<>())
                                .add(container.path("name").asString(""));
                    }
                }
            }
        }
        if (containers.isEmpty()) {
            return Optional.empty();
        }
        List<String> parts = new ArrayList<>();
        for (Map.Entry<String, SortedSet<String>> each : containers.entrySet()) {
            parts.add(each.getKey() + " for: " + String.join(",", each.getValue()));
        }
        return Optional.of("must specify " + String.join("; ", parts));
    }

    @Override
    public boolean isWithin(QuotaScope scope, KubeObject pod) {
        return switch (scope.name()) {
            case "Terminating" -> hasDeadline(pod);
            case "NotTerminating" -> !hasDeadline(pod);
            case "BestEffort" -> isBestEffort(pod);
            case "NotBestEffort" -> !isBestEffort(pod);
            case "PriorityClass" -> {
                String name = pod.at("spec", "priorityClassName").asString("");
                yield scope.fitsOneOf(name.isEmpty() ? List.of() : List.of(name));
            }
            case "CrossNamespacePodAffinity" -> reachesOtherNamespaces(pod);
            default -> false;
        };
    }

    private static boolean hasDeadline(KubeObject pod) {
        return pod.at("spec", "activeDeadlineSeconds").asLong(-1) >= 0;
    }

    private static boolean isBestEffort(KubeObject pod) {
        if (states(pod.at("spec", "resources"))) {
            return false;
        }
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : pod.at("spec", list)) {
                if (states(container.path("resources"))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean states(JsonNode resources) {
        return !Amounts.of(resources.path("requests"))
                .max(Amounts.of(resources.path("limits")))
                .only(name -> name.equals("cpu") || name.equals("memory"))
                .withoutZeros()
                .isEmpty();
    }

    private static boolean reachesOtherNamespaces(KubeObject pod) {
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            JsonNode affinity = pod.at("spec", "affinity", kind);
            for (JsonNode term : affinity.path("requiredDuringSchedulingIgnoredDuringExecution")) {
                if (namesNamespaces(term)) {
                    return true;
                }
            }
            for (JsonNode weighted : affinity.path("preferredDuringSchedulingIgnoredDuringExecution")) {
                if (namesNamespaces(weighted.path("podAffinityTerm"))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean namesNamespaces(JsonNode term) {
        return !term.path("namespaces").isEmpty()
                || term.path("namespaceSelector").isObject();
    }

    @Override
    public boolean growsBy(String subresource, KubeObject pod, KubeObject old) {
        return subresource.equals("resize");
    }
}
