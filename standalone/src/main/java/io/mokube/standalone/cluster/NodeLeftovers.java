package io.mokube.standalone.cluster;

import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.sync.CgroupFolders;
import io.mokube.machinery.time.Clock;
import io.mokube.proxy.KubeProxy;
import java.nio.file.Files;

/** What a cluster that was killed leaves on its nodes: containers, their network, their containerd, rules for services. */
public final class NodeLeftovers {

    private NodeLeftovers() {}

    /**
     * Removes them; the cluster does not run.
     *
     * @return whether there was something
     * @throws io.mokube.machinery.component.ComponentException when that can't be; the message says why
     */
    public static boolean remove(ClusterFolder folder) {
        boolean onDocker = new DockerNodes(folder).remove();
        boolean onContainerd = removeContainerds(folder);
        if (folder.runtime().filter(runtime -> runtime != RuntimeKind.HOLLOW).isPresent()) {
            removeRules(folder.layout().ruleTable());
        }
        return onContainerd || onDocker;
    }

    private static void removeRules(String table) {
        if (KubeProxy.canProgram()) {
            KubeProxy.removeRules(table);
        }
    }

    private static boolean removeContainerds(ClusterFolder folder) {
        if (folder.runtime().filter(RuntimeKind.CONTAINERD::equals).isEmpty()) {
            return false;
        }
        boolean found = false;
        NodeLayout layout = folder.layout();
        for (int node = 1; node <= folder.nodes(); node++) {
            var config = layout.containerd(node);
            if (Files.exists(config.state())) {
                found = true;
                ContainerdLauncher containerd = new ContainerdLauncher(config, Clock.system());
                // Only a containerd that runs can take its containers down.
                containerd.start();
                containerd.stopWithContainers();
            }
            new CgroupFolders(layout.cgroup(node)).removeAll();
        }
        return found;
    }
}
