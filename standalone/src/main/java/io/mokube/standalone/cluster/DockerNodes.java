package io.mokube.standalone.cluster;

import io.mokube.kubelet.runtime.docker.DockerConfig;
import io.mokube.kubelet.runtime.docker.DockerEngine;
import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A cluster's nodes on a Docker Engine: one network for all, in which each node has its own addresses. A file in the
 * cluster's folder names the engine for as long as something of the cluster may be there.
 */
final class DockerNodes {

    private final ClusterFolder folder;

    DockerNodes(ClusterFolder folder) {
        this.folder = folder;
    }

    private Path file() {
        return folder.path().resolve("docker-socket");
    }

    /** The engine that may have something of the cluster. */
    Optional<DockerEngine> engine() {
        try {
            return Files.exists(file())
                    ? Optional.of(
                            new DockerEngine(Path.of(Files.readString(file()).strip())))
                    : Optional.empty();
        } catch (IOException e) {
            throw new ComponentException("can't read " + file() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Says that the cluster's containers will be on this engine.
     *
     * @throws ComponentException when there may be some on another one
     */
    void claim(DockerEngine engine) {
        Optional<DockerEngine> known = engine();
        if (known.isPresent() && !known.get().equals(engine)) {
            throw new ComponentException("containers of the cluster in " + folder.path()
                    + " are left on the Docker Engine " + known.get().socket() + ": remove them with `mokube down`");
        }
        try {
            Files.writeString(file(), engine.socket().toString());
        } catch (IOException e) {
            throw new ComponentException("can't write " + file() + ": " + e.getMessage(), e);
        }
    }

    /** What a node's agent needs to know of the engine; nodes count from 1. */
    DockerConfig node(DockerEngine engine, int node) {
        NodeLayout layout = folder.layout();
        return new DockerConfig(engine.socket(), layout.dockerNetwork(), layout.clusterCidr(), layout.podCidr(node));
    }

    /**
     * Removes the cluster's containers and network.
     *
     * @return whether there was something
     * @throws ComponentException when the engine does not answer; the message says what to do
     */
    boolean remove() {
        Optional<DockerEngine> engine = engine();
        if (engine.isEmpty()) {
            return false;
        }
        boolean found = engine.get().removeAll(folder.layout().dockerNetwork());
        try {
            Files.delete(file());
        } catch (IOException e) {
            throw new ComponentException("can't remove " + file() + ": " + e.getMessage(), e);
        }
        return found;
    }
}
