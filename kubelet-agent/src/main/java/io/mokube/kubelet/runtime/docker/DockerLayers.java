package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.model.HostConfig;
import io.mokube.kubelet.runtime.ImageVolumes;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The layers of images, for an engine that does not mount images itself: folders of its storage driver overlay2. A container
 * that never runs keeps the image.
 */
final class DockerLayers implements ImageVolumes.ByAgent {

    private static final String DRIVER = "overlay2";

    private final DockerCalls docker;
    private final String network;

    DockerLayers(DockerCalls docker, String network) {
        this.docker = docker;
        this.network = network;
    }

    @Override
    public List<Path> keep(String key, String image) {
        JsonNode driver = docker.read("/images/" + image + "/json").path("GraphDriver");
        String name = driver.path("Name").asString("none");
        if (!name.equals(DRIVER)) {
            throw new RuntimeCallException(
                    Kind.FAILED, "Docker's storage driver has no folders of layers: " + DRIVER + " has, not " + name);
        }
        if (docker.find(client -> client.inspectContainerCmd(key).exec()).isEmpty()) {
            docker.call(client -> client.createContainerCmd(image)
                    .withName(key)
                    // Not every image says what to run, and an engine wants to know.
                    .withCmd("nothing")
                    .withLabels(Map.of(DockerLabels.NETWORK, network, DockerLabels.TYPE, DockerLabels.IMAGE_VOLUME))
                    .withHostConfig(new HostConfig().withNetworkMode("none"))
                    .exec());
        }
        return Stream.of("UpperDir", "LowerDir")
                .flatMap(each ->
                        Stream.of(driver.path("Data").path(each).asString("").split(":")))
                .filter(each -> !each.isEmpty())
                .map(Path::of)
                .toList();
    }

    @Override
    public void release(String key) {
        docker.settle(
                DockerCalls.TIMEOUT,
                client -> client.removeContainerCmd(key)
                        .withForce(true)
                        .withRemoveVolumes(true)
                        .exec());
    }
}
