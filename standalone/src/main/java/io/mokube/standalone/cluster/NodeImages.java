package io.mokube.standalone.cluster;

import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.docker.DockerEngine;
import io.mokube.machinery.time.Clock;
import java.nio.file.Path;
import java.util.Optional;

/** The images on the nodes of a running cluster. */
public final class NodeImages {

    private NodeImages() {}

    /** Loads an image archive onto every node. */
    public static void load(ClusterFolder folder, Path archive) {
        Optional<DockerEngine> docker = new DockerNodes(folder).engine();
        if (docker.isPresent()) {
            docker.get().loadImage(archive.toAbsolutePath());
            return;
        }
        NodeLayout layout = folder.layout();
        for (int node = 1; node <= folder.nodes(); node++) {
            new ContainerdLauncher(layout.containerd(node), Clock.system()).importImage(archive.toAbsolutePath());
        }
    }
}
