package io.mokube.standalone.command;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.ListOptions;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.standalone.cluster.ClusterFolder;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code mokube status}: tells whether the cluster runs and which nodes are ready. Exit code 1 when it does not. */
@Command(
        name = "status",
        description = "Tells whether the cluster runs and which of its nodes are ready.",
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {

    @Mixin
    private FolderOption folder = new FolderOption();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        ClusterFolder.Running running = folder.running();
        PrintWriter out = spec.commandLine().getOut();
        out.println("cluster     running (process " + running.pid() + ")");
        out.println("API server  " + running.server());
        out.println("kubeconfig  " + folder.folder().kubeconfig());
        try (ApiClient client =
                new ApiClient(ClientConfig.fromKubeconfig(folder.folder().kubeconfig()), Platform.system())) {
            List<Node> nodes =
                    client.resource(Node.class).list("", ListOptions.ALL).items();
            for (Node node : nodes) {
                out.println("node        %s %s".formatted(node.getMetadata().getName(), readiness(node)));
            }
            return 0;
        } catch (ApiException | ConnectionException e) {
            out.println("API server  does not answer: " + e.getMessage());
            return 1;
        }
    }

    private static String readiness(Node node) {
        for (NodeCondition condition : node.getStatus().getConditions()) {
            if (condition.getType().equals("Ready")) {
                return condition.getStatus().equals("True") ? "ready" : "not ready: " + condition.getMessage();
            }
        }
        return "not ready";
    }
}
