package io.mokube.dns.endpoint;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How an instance of the name server makes itself known.
 *
 * @param instance its name, the same after a restart and no other's; a DNS label
 * @param address where pods reach it
 * @param serviceAddress the cluster IP of {@code kube-system/kube-dns}, which stands in the pods' resolv.conf
 * @param nodeName the node it runs on, if it does
 * @param metricsPort where its metrics are, if anywhere
 * @param renewal how often it says that it lives
 * @param expiry how long an instance may be silent before the others take it out
 */
public record EndpointConfig(
        String instance,
        String address,
        String serviceAddress,
        Optional<String> nodeName,
        OptionalInt metricsPort,
        Duration renewal,
        Duration expiry) {

    private static final Duration RENEWAL = Duration.ofSeconds(2);
    private static final Duration EXPIRY = Duration.ofSeconds(6);

    /** With the usual times, and no metrics. */
    public static EndpointConfig of(String instance, String address, String serviceAddress) {
        return new EndpointConfig(
                instance, address, serviceAddress, Optional.empty(), OptionalInt.empty(), RENEWAL, EXPIRY);
    }

    public EndpointConfig withNode(String name) {
        return new EndpointConfig(instance, address, serviceAddress, Optional.of(name), metricsPort, renewal, expiry);
    }

    public EndpointConfig withMetricsPort(int port) {
        return new EndpointConfig(instance, address, serviceAddress, nodeName, OptionalInt.of(port), renewal, expiry);
    }

    public EndpointConfig withTimes(Duration often, Duration silence) {
        return new EndpointConfig(instance, address, serviceAddress, nodeName, metricsPort, often, silence);
    }
}
