package io.mokube.standalone.cluster;

import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.sync.CgroupFolders;
import io.mokube.kubelet.volume.PodVolumes;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import io.mokube.proxy.KubeProxy;
import io.mokube.proxy.announce.LoadBalancerAnnouncer;
import java.io.IOException;
import java.nio.file.Files;

/** What a cluster that was killed leaves on its nodes: containers, their network and volumes, their containerd, rules for services. */
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
            unmountVolumes(folder);
            removeRules(folder.layout());
        }
        return onContainerd || onDocker;
    }

    /** Pods keep their volumes until they are deleted, also those that have ended. */
    private static void unmountVolumes(ClusterFolder folder) {
        for (int node = 1; node <= folder.nodes(); node++) {
            try {
                PodVolumes.unmountBelow(folder.kubelet("node-" + node));
            } catch (IOException e) {
                throw new ComponentException("can't unmount the volumes of node-" + node + ": " + e.getMessage(), e);
            }
        }
    }

    private static void removeRules(NodeLayout layout) {
        if (KubeProxy.canProgram()) {
            KubeProxy.removeRules(layout.ruleTable());
            LoadBalancerAnnouncer.removeAddresses(layout.loadBalancerDevice());
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
        layout.removeRunFolder();
        return found;
    }
}
