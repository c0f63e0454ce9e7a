package io.mokube.apiserver.storage.etcd;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.mokube.machinery.component.ComponentException;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Makes the channel to a cluster: calls go to its members in turn, and not to those that can't be reached. */
final class EtcdConnection {

    private static final String SCHEME = "mokube-etcd";
    private static final int DEFAULT_PORT = 2379;

    private EtcdConnection() {}

    /**
     * A channel that connects when it is first used. Callbacks run on the executor, never on the event loop.
     *
     * @throws ComponentException when the TLS files can't be used
     */
    @SuppressWarnings(
            "deprecation") // The replacement registers resolvers for the whole process; ours is for one channel.
    static ManagedChannel open(EtcdStoreConfig config, Executor executor) {
        NettyChannelBuilder builder = NettyChannelBuilder.forTarget(SCHEME + ":///")
                .nameResolverFactory(new Endpoints(config.endpoints()))
                .defaultLoadBalancingPolicy("round_robin")
                .disableRetry()
                .disableServiceConfigLookUp()
                .maxInboundMessageSize(Integer.MAX_VALUE)
                // A member whose machine vanished answers nothing: notice it. etcd allows a ping every five seconds.
                .keepAliveTime(10, TimeUnit.SECONDS)
                .keepAliveTimeout(5, TimeUnit.SECONDS)
                .executor(executor)
                .offloadExecutor(executor);
        if (config.tls()) {
            try {
                SslContextBuilder tls = GrpcSslContexts.forClient();
                if (config.authority() != null) {
                    tls.trustManager(readable(config.authority()));
                }
                if (config.certificate() != null && config.key() != null) {
                    tls.keyManager(readable(config.certificate()), readable(config.key()));
                }
                builder.sslContext(tls.build());
            } catch (SSLException | IllegalArgumentException e) {
                throw new ComponentException(
                        "can't use the TLS files for etcd (%s, %s, %s): %s"
                                .formatted(config.authority(), config.certificate(), config.key(), e.getMessage()),
                        e);
            }
        } else {
            builder.usePlaintext();
        }
        return builder.build();
    }

    private static File readable(Path file) {
        if (!Files.isReadable(file)) {
            throw new ComponentException("can't read the TLS file for etcd " + file);
        }
        return file.toFile();
    }

    /** Resolves to the fixed list of members; host names are looked up anew whenever a connection fails. */
    private static final class Endpoints extends NameResolverProvider {

        private final List<URI> endpoints;

        Endpoints(List<URI> endpoints) {
            this.endpoints = endpoints;
        }

        @Override
        protected boolean isAvailable() {
            return true;
        }

        @Override
        protected int priority() {
            return 5;
        }

        @Override
        public String getDefaultScheme() {
            return SCHEME;
        }

        @Override
        public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
            return List.of(InetSocketAddress.class);
        }

        @Override
        public NameResolver newNameResolver(URI target, NameResolver.Args args) {
            Executor executor = args.getOffloadExecutor();
            return new Resolver(endpoints, executor == null ? Runnable::run : executor);
        }
    }

    private static final class Resolver extends NameResolver {

        private final List<URI> endpoints;
        private final Executor executor;
        private @Nullable Listener2 listener;

        Resolver(List<URI> endpoints, Executor executor) {
            this.endpoints = endpoints;
            this.executor = executor;
        }

        @Override
        public String getServiceAuthority() {
            return authority(endpoints.getFirst());
        }

        @Override
        public void start(Listener2 newListener) {
            listener = newListener;
            refresh();
        }

        @Override
        public void refresh() {
            Listener2 current = listener;
            if (current != null) {
                executor.execute(() -> resolve(current));
            }
        }

        @Override
        public void shutdown() {
            listener = null;
        }

        private void resolve(Listener2 current) {
            List<EquivalentAddressGroup> members = new ArrayList<>();
            IOException failure = new UnknownHostException("no endpoint");
            for (URI endpoint : endpoints) {
                try {
                    List<SocketAddress> addresses = new ArrayList<>();
                    for (InetAddress address : InetAddress.getAllByName(endpoint.getHost())) {
                        addresses.add(new InetSocketAddress(address, port(endpoint)));
                    }
                    Attributes attributes = Attributes.newBuilder()
                            .set(EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE, authority(endpoint))
                            .build();
                    members.add(new EquivalentAddressGroup(addresses, attributes));
                } catch (UnknownHostException e) {
                    failure = e;
                }
            }
            current.onResult(ResolutionResult.newBuilder()
                    .setAddressesOrError(
                            members.isEmpty()
                                    ? StatusOr.fromStatus(Status.UNAVAILABLE
                                            .withDescription("unknown host")
                                            .withCause(failure))
                                    : StatusOr.fromValue(members))
                    .build());
        }

        private static int port(URI endpoint) {
            return endpoint.getPort() < 0 ? DEFAULT_PORT : endpoint.getPort();
        }

        private static String authority(URI endpoint) {
            return endpoint.getHost() + ":" + port(endpoint);
        }
    }
}
