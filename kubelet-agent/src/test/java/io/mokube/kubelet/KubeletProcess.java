package io.mokube.kubelet;

import io.mokube.apiserver.pki.ClusterCertificates.NodeCredentials;
import io.mokube.client.rest.ClientConfig;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.docker.DockerConfig;
import io.mokube.kubelet.runtime.docker.DockerRuntime;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** An agent in a process of its own, which can be killed. */
final class KubeletProcess implements AutoCloseable {

    private final List<String> command;
    private ChildProcess process;

    /**
     * Starts it.
     *
     * @param runtime {@code cri SOCKET} or {@code docker SOCKET NETWORK SUBNET}
     */
    KubeletProcess(
            String node, NodeCredentials credentials, Path folder, String cgroups, String podCidr, String... runtime) {
        List<String> arguments = new ArrayList<>(List.of(
                node,
                credentials.kubeconfig().toString(),
                credentials.servingCertificate().toString(),
                credentials.servingKey().toString(),
                credentials.authority().toString(),
                folder.toString(),
                cgroups,
                podCidr));
        arguments.addAll(List.of(runtime));
        command = ChildProcess.javaCommand(KubeletProcess.class, arguments.toArray(String[]::new));
        process = ChildProcess.start("kubelet", command, Map.of());
    }

    /** See the constructor. */
    public static void main(String[] words) throws IOException, InterruptedException {
        CarrierThreads.provide();
        Path socket = Path.of(words[9]);
        KubeletConfig config = KubeletConfig.of(
                        words[0],
                        ClientConfig.fromKubeconfig(Path.of(words[1])),
                        () -> runtime(socket, words),
                        Path.of(words[5]))
                .withServer(new KubeletConfig.Server(
                        0,
                        Optional.of(Files.readString(Path.of(words[2]))),
                        Optional.of(Files.readString(Path.of(words[3]))),
                        Optional.of(Files.readString(Path.of(words[4])))))
                .withTimings(KubeletConfig.Timings.DEFAULT.withRelist(Duration.ofMillis(300)))
                .withPodCidr(words[7]);
        new Kubelet(words[6].isEmpty() ? config : config.withCgroupParent(words[6]), Platform.system()).start();
        new CountDownLatch(1).await();
    }

    private static ContainerRuntime runtime(Path socket, String[] words) {
        return words[8].equals("cri")
                ? new CriRuntime(socket)
                : new DockerRuntime(new DockerConfig(socket, words[10], words[11], words[7]), Clock.system());
    }

    void kill() {
        process.close();
    }

    void startAgain() {
        process = ChildProcess.start("kubelet", command, Map.of());
    }

    @Override
    public void close() {
        process.close();
    }
}
