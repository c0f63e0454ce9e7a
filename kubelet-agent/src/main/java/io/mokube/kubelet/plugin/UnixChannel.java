package io.mokube.kubelet.plugin;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * gRPC to a Unix socket, without a native library. The connection is made at the first call, and again after it broke;
 * calls meanwhile fail.
 */
public final class UnixChannel implements AutoCloseable {

    private final MultiThreadIoEventLoopGroup events;
    private final ExecutorService callbacks;
    private final ManagedChannel channel;

    /**
     * @param name of its thread
     * @param maxMessageBytes the longest answer that is taken
     */
    public UnixChannel(String name, Path socket, int maxMessageBytes) {
        events = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
        callbacks = Executors.newVirtualThreadPerTaskExecutor();
        channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
                .eventLoopGroup(events)
                // Calls are few and their messages short: a pool would keep megabytes for them.
                .withOption(ChannelOption.ALLOCATOR, UnpooledByteBufAllocator.DEFAULT)
                .executor(callbacks)
                .overrideAuthority("localhost")
                .maxInboundMessageSize(maxMessageBytes)
                .usePlaintext()
                .build();
    }

    /** What stubs are made for. */
    public ManagedChannel channel() {
        return channel;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        callbacks.shutdown();
        var _ = events.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
