package io.mokube.apiserver;

import io.mokube.apiserver.audit.AuditConfig;
import io.mokube.apiserver.flowcontrol.FlowControl;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How an API server is to run.
 *
 * @param bindAddress the address to listen on
 * @param advertiseAddress at which address the others of the cluster and its pods find the server, which has to be one of
 *     those it listens on; null for the address that is listened on, or the machine's own when that is all addresses
 * @param port the port to listen on, 0 for any free one
 * @param dataDirectory where certificates and kubeconfig files are kept
 * @param store where the state is kept
 * @param publicUri how other machines reach this server, written into the kubeconfig files; null for {@code localhost}
 *     and the port that is bound
 * @param extraNames further host names and addresses the serving certificate must name
 * @param nodes nodes to prepare credentials for at start
 * @param serviceCidr the range that services get their addresses from, or one of each address family, the main one first
 *     and a comma between them
 * @param tokenFile static tokens in Kubernetes' form {@code token,user,uid,"group,group"}, or null for none
 * @param plainTextPort a further port, on loopback only, that is served without TLS and so knows callers by their tokens
 *     alone: for measurements and for a proxy beside the server that ends TLS itself; 0 for any free one
 * @param requestLimits how many requests are answered at once, and how long others wait for that
 * @param audit what is audited and where that goes, null for nothing
 */
public record ApiServerConfig(
        String bindAddress,
        @Nullable String advertiseAddress,
        int port,
        Path dataDirectory,
        StoreConfig store,
        @Nullable URI publicUri,
        List<String> extraNames,
        List<Node> nodes,
        String serviceCidr,
        @Nullable Path tokenFile,
        OptionalInt plainTextPort,
        FlowControl.Limits requestLimits,
        @Nullable AuditConfig audit) {

    /** The port Kubernetes' API server listens on when nothing else is said. */
    public static final int DEFAULT_PORT = 6443;

    public static final String DEFAULT_SERVICE_CIDR = "10.96.0.0/12";

    /** A node that will join, and the host names and addresses its kubelet is reached by. */
    public record Node(String name, List<String> addresses) {

        public Node {
            addresses = List.copyOf(addresses);
        }
    }

    public ApiServerConfig {
        extraNames = List.copyOf(extraNames);
        nodes = List.copyOf(nodes);
    }

    /** On loopback and any free port, with everything below one folder and the state in memory: for tests. */
    public static ApiServerConfig inMemory(Path dataDirectory) {
        return new ApiServerConfig(
                "127.0.0.1",
                0,
                dataDirectory,
                new StoreConfig.InMemory(),
                null,
                List.of(),
                List.of(),
                DEFAULT_SERVICE_CIDR,
                null,
                OptionalInt.empty());
    }

    /** With Kubernetes' own limits, and the address to advertise that follows from where the server listens. */
    public ApiServerConfig(
            String bindAddress,
            int port,
            Path dataDirectory,
            StoreConfig store,
            @Nullable URI publicUri,
            List<String> extraNames,
            List<Node> nodes,
            String serviceCidr,
            @Nullable Path tokenFile,
            OptionalInt plainTextPort) {
        this(
                bindAddress,
                null,
                port,
                dataDirectory,
                store,
                publicUri,
                extraNames,
                nodes,
                serviceCidr,
                tokenFile,
                plainTextPort,
                FlowControl.Limits.STANDARD,
                null);
    }

    /** The ranges that services get their addresses from, the main one first. */
    public List<String> serviceCidrs() {
        return Stream.of(serviceCidr.split(",")).map(String::strip).toList();
    }

    public ApiServerConfig withServiceCidr(String newRanges) {
        return new ApiServerConfig(
                bindAddress,
                advertiseAddress,
                port,
                dataDirectory,
                store,
                publicUri,
                extraNames,
                nodes,
                newRanges,
                tokenFile,
                plainTextPort,
                requestLimits,
                audit);
    }

    public ApiServerConfig withRequestLimits(FlowControl.Limits newLimits) {
        return new ApiServerConfig(
                bindAddress,
                advertiseAddress,
                port,
                dataDirectory,
                store,
                publicUri,
                extraNames,
                nodes,
                serviceCidr,
                tokenFile,
                plainTextPort,
                newLimits,
                audit);
    }

    public ApiServerConfig withAudit(@Nullable AuditConfig newAudit) {
        return new ApiServerConfig(
                bindAddress,
                advertiseAddress,
                port,
                dataDirectory,
                store,
                publicUri,
                extraNames,
                nodes,
                serviceCidr,
                tokenFile,
                plainTextPort,
                requestLimits,
                newAudit);
    }

    public ApiServerConfig withAdvertiseAddress(@Nullable String newAddress) {
        return new ApiServerConfig(
                bindAddress,
                newAddress,
                port,
                dataDirectory,
                store,
                publicUri,
                extraNames,
                nodes,
                serviceCidr,
                tokenFile,
                plainTextPort,
                requestLimits,
                audit);
    }

    public ApiServerConfig withPort(int newPort) {
        return new ApiServerConfig(
                bindAddress,
                advertiseAddress,
                newPort,
                dataDirectory,
                store,
                publicUri,
                extraNames,
                nodes,
                serviceCidr,
                tokenFile,
                plainTextPort,
                requestLimits,
                audit);
    }

    public ApiServerConfig withStore(StoreConfig newStore) {
        return new ApiServerConfig(
                bindAddress,
                advertiseAddress,
                port,
                dataDirectory,
                newStore,
                publicUri,
                extraNames,
                nodes,
                serviceCidr,
                tokenFile,
                plainTextPort,
                requestLimits,
                audit);
    }

    public ApiServerConfig withTokenFile(Path newTokenFile) {
        return new ApiServerConfig(
                bindAddress,
                advertiseAddress,
                port,
                dataDirectory,
                store,
                publicUri,
                extraNames,
                nodes,
                serviceCidr,
                newTokenFile,
                plainTextPort,
                requestLimits,
                audit);
    }

    public ApiServerConfig withPlainTextPort(int newPort) {
        return new ApiServerConfig(
                bindAddress,
                advertiseAddress,
                port,
                dataDirectory,
                store,
                publicUri,
                extraNames,
                nodes,
                serviceCidr,
                tokenFile,
                OptionalInt.of(newPort),
                requestLimits,
                audit);
    }
}
