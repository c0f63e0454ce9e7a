package io.mokube.kubelet.plugin;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.mokube.kubelet.plugin.v1.InfoRequest;
import io.mokube.kubelet.plugin.v1.PluginInfo;
import io.mokube.kubelet.plugin.v1.RegistrationGrpc;
import io.mokube.kubelet.plugin.v1.RegistrationStatus;
import io.mokube.kubelet.plugin.v1.RegistrationStatusResponse;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A plugin as a node's agent meets it: a service, and the registration of it, on one socket in the agent's folder. */
public final class TestPlugin implements AutoCloseable {

    private final Path socket;
    private final MultiThreadIoEventLoopGroup events = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Server server;

    /** What it was told about its registrations. */
    private final List<RegistrationStatus> answers = new CopyOnWriteArrayList<>();

    public TestPlugin(Path root, String type, String name, String version, BindableService service) {
        Path folder = root.resolve("plugins_registry");
        socket = folder.resolve(name + ".sock");
        PluginInfo info = PluginInfo.newBuilder()
                .setType(type)
                .setName(name)
                .setEndpoint(socket.toString())
                .addSupportedVersions(version)
                .build();
        try {
            Files.createDirectories(folder);
            server = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                    .channelType(NioServerDomainSocketChannel.class)
                    .bossEventLoopGroup(events)
                    .workerEventLoopGroup(events)
                    .addService(service)
                    .addService(new RegistrationGrpc.RegistrationImplBase() {
                        @Override
                        public void getInfo(InfoRequest request, StreamObserver<PluginInfo> answer) {
                            answer(answer, info);
                        }

                        @Override
                        public void notifyRegistrationStatus(
                                RegistrationStatus status, StreamObserver<RegistrationStatusResponse> answer) {
                            answers.add(status);
                            answer(answer, RegistrationStatusResponse.getDefaultInstance());
                        }
                    })
                    .build()
                    .start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Ends a call with one answer. */
    public static <T> void answer(StreamObserver<T> to, T value) {
        to.onNext(value);
        to.onCompleted();
    }

    public List<RegistrationStatus> answers() {
        return answers;
    }

    @Override
    public void close() {
        server.shutdownNow();
        var _ = events.shutdownGracefully();
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
