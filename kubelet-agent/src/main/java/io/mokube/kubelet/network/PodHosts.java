package io.mokube.kubelet.network;

import io.fabric8.kubernetes.api.model.HostAlias;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.pods.PodFacts;
import java.util.List;
import java.util.Optional;

/** What a pod is called: its host name, its full name, and its hosts file. */
public final class PodHosts {

    private static final String MANAGED = "# Kubernetes-managed hosts file";
    private static final int LONGEST_KERNEL_NAME = 64;

    private PodHosts() {}

    /** The full name of a pod with a subdomain; empty when it has none. */
    public static String fullName(Pod pod, String clusterDomain) {
        String subdomain = pod.getSpec().getSubdomain();
        return subdomain == null || subdomain.isEmpty()
                ? ""
                : PodFacts.hostname(pod) + "." + subdomain + "."
                        + pod.getMetadata().getNamespace() + ".svc." + clusterDomain;
    }

    /** The name that the pod's containers read from the kernel. */
    public static String kernelName(Pod pod, String clusterDomain) {
        String full = fullName(pod, clusterDomain);
        return !full.isEmpty() && Boolean.TRUE.equals(pod.getSpec().getSetHostnameAsFQDN())
                ? full
                : PodFacts.hostname(pod);
    }

    /** Why the kernel has no room for the pod's name, if it has none; such a pod can't start. */
    public static Optional<String> complaint(Pod pod, String clusterDomain) {
        String name = kernelName(pod, clusterDomain);
        return name.length() <= LONGEST_KERNEL_NAME
                ? Optional.empty()
                : Optional.of("failed to construct FQDN from pod hostname and cluster domain, FQDN " + name
                        + " is too long (" + LONGEST_KERNEL_NAME + " characters is the max, " + name.length()
                        + " characters requested)");
    }

    /**
     * The hosts file of a pod.
     *
     * @param addresses the pod's
     * @param hostFile the machine's file, which a pod on the host's network gets
     */
    public static String file(Pod pod, List<String> addresses, String clusterDomain, String hostFile) {
        StringBuilder hosts = new StringBuilder(MANAGED);
        if (PodFacts.hostNetwork(pod)) {
            hosts.append(" (host network).\n").append(hostFile);
        } else {
            hosts.append("""
                    .
                    127.0.0.1\tlocalhost
                    ::1\tlocalhost ip6-localhost ip6-loopback
                    fe00::0\tip6-localnet
                    fe00::0\tip6-mcastprefix
                    fe00::1\tip6-allnodes
                    fe00::2\tip6-allrouters
                    """);
            String full = fullName(pod, clusterDomain);
            for (String address : addresses) {
                hosts.append(address).append('\t');
                if (!full.isEmpty()) {
                    hosts.append(full).append('\t');
                }
                hosts.append(PodFacts.hostname(pod)).append('\n');
            }
        }
        List<HostAlias> aliases = pod.getSpec().getHostAliases();
        if (!aliases.isEmpty()) {
            hosts.append("\n# Entries added by HostAliases.\n");
            aliases.forEach(alias -> hosts.append(alias.getIp())
                    .append('\t')
                    .append(String.join("\t", alias.getHostnames()))
                    .append('\n'));
        }
        return hosts.toString();
    }
}
