package io.mokube.kubelet.staticpods;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.informer.Informer;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.sync.PodWorkers;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a file or folder with static pods, and keeps a mirror of each at the API server. Files that begin with a dot are
 * passed over; a file that holds no pod is told once in the log, and hides no other.
 */
public final class StaticPodFolder implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(StaticPodFolder.class);
    private static final Duration POLL = Duration.ofSeconds(1);

    private final Path path;
    private final String nodeName;
    private final PodWorkers workers;
    private final Informer<Pod> objects;
    private final ApiClient client;
    private final Clock clock;
    private final Map<Path, String> told = new HashMap<>();
    private @Nullable Thread thread;
    private @Nullable Node node;

    /**
     * @param objects the pods that the API server assigns to the node, mirrors among them
     */
    public StaticPodFolder(
            Path path, String nodeName, PodWorkers workers, Informer<Pod> objects, ApiClient client, Clock clock) {
        this.path = path;
        this.nodeName = nodeName;
        this.workers = workers;
        this.objects = objects;
        this.client = client;
        this.clock = clock;
    }

    /** Begins, on a thread of its own; returns at once. */
    public void start() {
        thread = Thread.ofVirtual().name("static pods").start(this::followForEver);
    }

    private void followForEver() {
        try {
            while (true) {
                List<Pod> pods = null;
                try {
                    pods = read();
                    workers.setStatic(pods);
                } catch (IOException e) {
                    // Pods whose files can't be seen for now run on.
                    log.atWarn()
                            .setMessage("static pods can't be read")
                            .addKeyValue("path", path)
                            .addKeyValue("reason", e.getMessage())
                            .log();
                }
                if (pods != null && objects.hasSynced()) {
                    mirror(pods);
                }
                clock.sleep(POLL);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<Pod> read() throws IOException {
        if (!Files.exists(path)) {
            return List.of();
        }
        List<Path> files;
        if (Files.isDirectory(path)) {
            try (Stream<Path> all = Files.list(path)) {
                files = all.filter(file -> !file.getFileName().toString().startsWith("."))
                        .filter(Files::isRegularFile)
                        .sorted()
                        .toList();
            }
        } else {
            files = List.of(path);
        }
        List<Pod> pods = new ArrayList<>();
        told.keySet().retainAll(files);
        for (Path file : files) {
            try {
                pods.add(StaticPods.parse(file.toString(), Files.readAllBytes(file), nodeName));
                told.remove(file);
            } catch (IllegalArgumentException e) {
                String complaint = String.valueOf(e.getMessage());
                if (!complaint.equals(told.put(file, complaint))) {
                    log.atWarn()
                            .setMessage("a file holds no static pod")
                            .addKeyValue("file", file)
                            .addKeyValue("reason", complaint)
                            .log();
                }
            }
        }
        return pods;
    }

    /** Makes, replaces and removes mirrors. */
    private void mirror(List<Pod> pods) {
        Map<ObjectKey, Pod> byKey =
                pods.stream().collect(Collectors.toMap(PodFacts::key, Function.identity(), (first, second) -> first));
        Set<ObjectKey> running = workers.staticKeys();
        try {
            for (Pod object : objects.store().list()) {
                if (!PodFacts.isMirror(object)) {
                    continue;
                }
                Pod pod = byKey.get(PodFacts.key(object));
                boolean stays = pod == null
                        ? running.contains(PodFacts.key(object))
                        : StaticPods.shows(object, pod) && !PodFacts.beingDeleted(object);
                if (!stays) {
                    delete(object);
                }
            }
            for (Pod pod : byKey.values()) {
                if (objects.store().get(PodFacts.key(pod)).isEmpty()) {
                    create(pod);
                }
            }
        } catch (ApiException | ConnectionException e) {
            log.atWarn()
                    .setMessage("a static pod's mirror was not brought up to date")
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    private void delete(Pod object) {
        try {
            client.resource(Pod.class)
                    .delete(
                            PodFacts.key(object),
                            DeleteOptions.DEFAULT.withUid(PodFacts.uid(object)).withGracePeriod(Duration.ZERO));
        } catch (ApiException e) {
            if (!e.isNotFound() && e.code() != 409) {
                throw e;
            }
        }
    }

    private void create(Pod pod) {
        Optional<Node> owner =
                Optional.ofNullable(node).or(() -> client.resource(Node.class).get("", nodeName));
        if (owner.isEmpty()) {
            return;
        }
        node = owner.get();
        try {
            client.resource(Pod.class).create(StaticPods.mirror(pod, owner.get()));
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                // The node may have been made anew, with another UID.
                node = null;
                throw e;
            }
        }
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.interrupt();
        }
    }
}
