package io.mokube.benchmarks;

import io.mokube.client.rest.ClientConfig;
import io.mokube.kubelet.Kubelet;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.runtime.hollow.HollowRuntime;
import io.mokube.kubelet.runtime.hollow.HollowScript;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Whole agents of many nodes without containers, in one process: {@code KUBECONFIG NODES FOLDER}. */
final class HollowAgentsMain {

    private HollowAgentsMain() {}

    public static void main(String[] arguments) throws Exception {
        CarrierThreads.provide();
        Platform platform = Platform.system();
        ClientConfig client = ClientConfig.fromKubeconfig(Path.of(arguments[0])).withUserAgent("kubelet");
        List<Kubelet> agents = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            String name = "hollow-" + i;
            String podCidr = "10.%d.%d.0/24".formatted(128 + i / 256, i % 256);
            Kubelet agent = new Kubelet(
                    KubeletConfig.of(
                            name,
                            client,
                            () -> new HollowRuntime(podCidr, HollowScript.QUIET, platform.clock()),
                            Path.of(arguments[2]).resolve(name)),
                    platform);
            agent.start();
            agents.add(agent);
        }
        for (Kubelet agent : agents) {
            while (!agent.readiness().ready()) {
                platform.clock().sleep(Duration.ofMillis(100));
            }
        }
        JavaSubject.sayReady(client.server(), client.server());
        JavaSubject.serveParent();
        System.exit(0);
    }
}
