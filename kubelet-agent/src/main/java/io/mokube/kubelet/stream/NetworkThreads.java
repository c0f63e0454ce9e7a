package io.mokube.kubelet.stream;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;

/** The event loops that all node servers of this process share: a machine may play thousands of nodes. */
public final class NetworkThreads {

    private static final int LOOPS = 2;

    private NetworkThreads() {}

    /** Daemon threads, started when they are first used. They must never be blocked. */
    public static EventLoopGroup shared() {
        return Shared.GROUP;
    }

    private static final class Shared {
        private static final EventLoopGroup GROUP = new MultiThreadIoEventLoopGroup(
                LOOPS, new DefaultThreadFactory("node-server", true), NioIoHandler.newFactory());
    }
}
