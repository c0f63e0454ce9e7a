package io.mokube.standalone.cluster;

import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.machinery.time.Clock;
import java.nio.file.Path;

/** The images on the nodes of a running cluster. */
public final class NodeImages {

    private NodeImages() {}

    /** Loads an image archive onto every node; the cluster's nodes run containerd. */
    public static void load(ClusterFolder folder, Path archive) {
        NodeLayout layout = folder.layout();
        for (int node = 1; node <= folder.nodes(); node++) {
            new ContainerdLauncher(layout.containerd(node), Clock.system()).importImage(archive.toAbsolutePath());
        }
    }
}
