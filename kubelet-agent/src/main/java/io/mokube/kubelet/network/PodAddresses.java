package io.mokube.kubelet.network;

import java.util.List;
import java.util.stream.Stream;

/** Which of the addresses that a runtime tells are a pod's, and in what order. */
public final class PodAddresses {

    private PodAddresses() {}

    /**
     * One of each family, that of the node's main address first: runtimes tell IPv4 first whatever the cluster's main family
     * is.
     *
     * @param told by the runtime
     * @param nodeAddress the node's main address
     */
    public static List<String> ordered(List<String> told, String nodeAddress) {
        boolean six = isIpv6(nodeAddress);
        return Stream.of(six, !six)
                .flatMap(family ->
                        told.stream().filter(each -> isIpv6(each) == family).limit(1))
                .toList();
    }

    private static boolean isIpv6(String address) {
        return address.indexOf(':') >= 0;
    }
}
