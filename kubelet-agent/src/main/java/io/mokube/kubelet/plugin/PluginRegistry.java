package io.mokube.kubelet.plugin;

import io.grpc.StatusRuntimeException;
import io.mokube.kubelet.plugin.PluginHandler.Plugin;
import io.mokube.kubelet.plugin.v1.InfoRequest;
import io.mokube.kubelet.plugin.v1.PluginInfo;
import io.mokube.kubelet.plugin.v1.RegistrationGrpc;
import io.mokube.kubelet.plugin.v1.RegistrationGrpc.RegistrationBlockingStub;
import io.mokube.kubelet.plugin.v1.RegistrationStatus;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds plugins by the sockets in a folder, as the kubelet does in {@code plugins_registry}: each is asked who it is, handed
 * to the handler of its type, and told how that went. One whose socket is another one now is taken again; one whose socket
 * is gone is let go. What fails is tried again with every look.
 */
public final class PluginRegistry implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PluginRegistry.class);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MOST_MESSAGE_BYTES = 1 << 20;

    private final Path folder;
    private final Map<String, PluginHandler> handlers;
    private final Clock clock;
    private final Map<Path, Known> known = new TreeMap<>();
    private final Map<Path, String> complaints = new HashMap<>();
    private @Nullable Thread thread;

    /** @param key what tells a socket from another one of its name */
    private record Known(Object key, PluginHandler handler, String name) {}

    /**
     * @param handlers by the type of plugin that they take
     */
    public PluginRegistry(Path folder, Map<String, PluginHandler> handlers, Clock clock) {
        this.folder = folder;
        this.handlers = Map.copyOf(handlers);
        this.clock = clock;
    }

    /** Begins to look; returns at once. */
    public void start() {
        thread = Thread.ofVirtual().name("plugins").start(() -> {
            try {
                Files.createDirectories(folder);
                while (true) {
                    look();
                    clock.sleep(LOOK_EVERY);
                }
            } catch (IOException e) {
                log.atError()
                        .setMessage("the folder of plugins can't be used")
                        .addKeyValue("folder", folder)
                        .setCause(e)
                        .log();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void look() throws IOException {
        Set<Path> there = new HashSet<>();
        for (Path socket : sockets()) {
            there.add(socket);
            Object key = Files.readAttributes(socket, "unix:ino,ctime").toString();
            Known before = known.get(socket);
            if (before == null || !before.key().equals(key)) {
                take(socket, key);
            }
        }
        for (Path gone : List.copyOf(known.keySet())) {
            if (!there.contains(gone)) {
                letGo(known.remove(gone));
            }
        }
        complaints.keySet().retainAll(there);
    }

    private static void letGo(@Nullable Known plugin) {
        if (plugin != null) {
            plugin.handler().deregister(plugin.name());
            log.atInfo()
                    .setMessage("plugin gone")
                    .addKeyValue("plugin", plugin.name())
                    .log();
        }
    }

    private List<Path> sockets() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !file.getFileName().toString().startsWith("."))
                    .filter(file -> !Files.isRegularFile(file) && !Files.isDirectory(file))
                    .toList();
        }
    }

    private void take(Path socket, Object key) {
        String complaint = "";
        try (UnixChannel connection = new UnixChannel("plugin", socket, MOST_MESSAGE_BYTES)) {
            RegistrationBlockingStub stub = RegistrationGrpc.newBlockingStub(connection.channel());
            PluginInfo info = patient(stub).getInfo(InfoRequest.getDefaultInstance());
            PluginHandler handler = handlers.get(info.getType());
            if (handler == null) {
                complaint = "no handler registered for plugin type: " + info.getType() + " at socket " + socket;
            } else {
                complaint = register(handler, info, socket);
            }
            patient(stub)
                    .notifyRegistrationStatus(RegistrationStatus.newBuilder()
                            .setPluginRegistered(complaint.isEmpty())
                            .setError(complaint)
                            .build());
            if (handler != null && complaint.isEmpty()) {
                known.put(socket, new Known(key, handler, info.getName()));
                log.atInfo()
                        .setMessage("plugin registered")
                        .addKeyValue("plugin", info.getName())
                        .addKeyValue("type", info.getType())
                        .log();
            }
        } catch (StatusRuntimeException e) {
            complaint = String.valueOf(e.getMessage());
        }
        if (!complaint.isEmpty() && !complaint.equals(complaints.put(socket, complaint))) {
            log.atWarn()
                    .setMessage("a plugin can't be registered")
                    .addKeyValue("socket", socket)
                    .addKeyValue("reason", complaint)
                    .log();
        }
    }

    private static String register(PluginHandler handler, PluginInfo info, Path socket) {
        Path endpoint = info.getEndpoint().isEmpty() ? socket : Path.of(info.getEndpoint());
        try {
            handler.register(new Plugin(info.getName(), endpoint, info.getSupportedVersionsList()));
            return "";
        } catch (RuntimeException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static RegistrationBlockingStub patient(RegistrationBlockingStub stub) {
        return stub.withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Stops looking. Plugins are left as they are. */
    @Override
    public void close() {
        if (thread != null) {
            thread.interrupt();
        }
    }
}
