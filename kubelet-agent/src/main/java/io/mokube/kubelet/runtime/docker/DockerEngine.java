package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.model.Container;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.machinery.component.ComponentException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A Docker Engine of this machine, apart from its pods: where it is, and what is done to it for all nodes. */
public record DockerEngine(Path socket) {

    private static final Path DEFAULT_SOCKET = Path.of("/var/run/docker.sock");
    private static final String UNIX = "unix://";

    /**
     * The engine that Docker's own command would use.
     *
     * @param dockerHost the variable {@code DOCKER_HOST}; null or empty for the default socket
     * @throws ComponentException when it names an engine that is not on a Unix socket
     */
    public static DockerEngine named(@Nullable String dockerHost) {
        if (dockerHost == null || dockerHost.isEmpty()) {
            return new DockerEngine(DEFAULT_SOCKET);
        }
        if (!dockerHost.startsWith(UNIX)) {
            throw new ComponentException("DOCKER_HOST is " + dockerHost
                    + ", but nodes need an engine that shares this machine's files: set it to a Unix socket such as "
                    + UNIX + DEFAULT_SOCKET);
        }
        return new DockerEngine(Path.of(dockerHost.substring(UNIX.length())));
    }

    /** Whether it answers; otherwise the message says what to do. */
    public Optional<String> missing() {
        try (DockerCalls docker = new DockerCalls(socket)) {
            docker.call(client -> client.pingCmd().exec());
            return Optional.empty();
        } catch (RuntimeCallException e) {
            return Optional.of(
                    "no Docker Engine answers on " + socket + " (" + e.text()
                            + "): start it (systemctl start docker, or dockerd), or set DOCKER_HOST=unix://… to where it listens");
        }
    }

    /** Loads an image archive (docker save) so that pods of every node on the engine can use it. */
    public void loadImage(Path archive) {
        try (DockerCalls docker = new DockerCalls(socket)) {
            new DockerImages(docker).load(archive);
        } catch (RuntimeCallException e) {
            throw new ComponentException("Docker did not load " + archive + ": " + e.text(), e);
        }
    }

    /**
     * Removes every container made for the network, by force, and the network.
     *
     * @return whether there was something
     * @throws ComponentException when the engine does not answer, or refuses
     */
    public boolean removeAll(String network) {
        try (DockerCalls docker = new DockerCalls(socket)) {
            List<Container> containers = docker.call(client -> client.listContainersCmd()
                    .withShowAll(true)
                    .withLabelFilter(Map.of(DockerLabels.NETWORK, network))
                    .exec());
            for (Container container : containers) {
                docker.settle(
                        DockerCalls.TIMEOUT,
                        client -> client.removeContainerCmd(container.getId())
                                .withForce(true)
                                .withRemoveVolumes(true)
                                .exec());
            }
            boolean known = docker.find(client ->
                            client.inspectNetworkCmd().withNetworkId(network).exec())
                    .isPresent();
            if (known) {
                docker.settle(
                        DockerCalls.TIMEOUT,
                        client -> client.removeNetworkCmd(network).exec());
            }
            return known || !containers.isEmpty();
        } catch (RuntimeCallException e) {
            throw new ComponentException(
                    e.kind() == Kind.UNAVAILABLE
                            ? "the cluster's containers could not be removed, because no Docker Engine answers on "
                                    + socket + ": start it and run `mokube down` again"
                            : "Docker did not remove all of the cluster's containers: " + e.text(),
                    e);
        }
    }
}
