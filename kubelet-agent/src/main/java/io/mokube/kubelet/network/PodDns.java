package io.mokube.kubelet.network;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodDNSConfig;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.SandboxConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What stands in a pod's resolv.conf.
 *
 * @param dns servers, searches and options
 * @param warnings for the pod's events, about what had to be left out; their reason is {@code DNSConfigForming}
 */
public record PodDns(SandboxConfig.Dns dns, List<String> warnings) {

    // Resolvers read no further.
    private static final int MOST_SERVERS = 3;
    private static final int MOST_SEARCHES = 32;
    private static final int LONGEST_SEARCHES = 2048;
    private static final int LONGEST_SEARCH = 253;

    /**
     * Follows the pod's {@code dnsPolicy}, and adds its {@code dnsConfig}. A pod that wants the cluster's name servers on
     * an agent that knows none gets the machine's.
     */
    public static PodDns of(Pod pod, KubeletConfig.Dns cluster, HostResolver host) {
        String policy = Objects.requireNonNullElse(pod.getSpec().getDnsPolicy(), "ClusterFirst");
        boolean wantsCluster = policy.equals("ClusterFirstWithHostNet")
                || (policy.equals("ClusterFirst") && !PodFacts.hostNetwork(pod));
        List<String> servers = new ArrayList<>();
        List<String> searches = new ArrayList<>();
        List<String> options = new ArrayList<>();
        if (wantsCluster && !cluster.servers().isEmpty()) {
            servers.addAll(cluster.servers());
            if (!cluster.domain().isEmpty()) {
                searches.add(pod.getMetadata().getNamespace() + ".svc." + cluster.domain());
                searches.add("svc." + cluster.domain());
                searches.add(cluster.domain());
            }
            searches.addAll(host.searches());
            options.add("ndots:5");
        } else if (!policy.equals("None")) {
            servers.addAll(host.servers());
            searches.addAll(host.searches());
            options.addAll(host.options());
        }
        PodDNSConfig own = pod.getSpec().getDnsConfig();
        if (own != null) {
            servers.addAll(own.getNameservers());
            searches.addAll(own.getSearches());
            options = merge(options, own);
        }
        List<String> warnings = new ArrayList<>();
        return new PodDns(
                new SandboxConfig.Dns(
                        fittingServers(servers, warnings), fittingSearches(searches, warnings), List.copyOf(options)),
                List.copyOf(warnings));
    }

    /** The pod's own value of an option wins. */
    private static List<String> merge(List<String> options, PodDNSConfig own) {
        Map<String, String> merged = new LinkedHashMap<>();
        for (String option : options) {
            int colon = option.indexOf(':');
            merged.put(colon < 0 ? option : option.substring(0, colon), colon < 0 ? "" : option.substring(colon + 1));
        }
        own.getOptions()
                .forEach(option -> merged.put(option.getName(), Objects.requireNonNullElse(option.getValue(), "")));
        return merged.entrySet().stream()
                .map(each -> each.getValue().isEmpty() ? each.getKey() : each.getKey() + ":" + each.getValue())
                .toList();
    }

    private static List<String> fittingServers(List<String> servers, List<String> warnings) {
        List<String> distinct = List.copyOf(new LinkedHashSet<>(servers));
        if (distinct.size() <= MOST_SERVERS) {
            return distinct;
        }
        List<String> fitting = distinct.subList(0, MOST_SERVERS);
        warnings.add("Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line"
                + " is: " + String.join(" ", fitting));
        return fitting;
    }

    private static List<String> fittingSearches(List<String> searches, List<String> warnings) {
        List<String> distinct = List.copyOf(new LinkedHashSet<>(searches));
        List<String> fitting = new ArrayList<>();
        int length = -1;
        for (String search : distinct.subList(0, Math.min(MOST_SEARCHES, distinct.size()))) {
            if (search.length() > LONGEST_SEARCH) {
                continue;
            }
            if (length + 1 + search.length() > LONGEST_SEARCHES) {
                break;
            }
            length += 1 + search.length();
            fitting.add(search);
        }
        if (fitting.size() < distinct.size()) {
            warnings.add("Search Line limits were exceeded, some search paths have been omitted, the applied search"
                    + " line is: " + String.join(" ", fitting));
        }
        return List.copyOf(fitting);
    }
}
