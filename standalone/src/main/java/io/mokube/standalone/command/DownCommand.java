package io.mokube.standalone.command;

import io.mokube.machinery.component.ComponentException;
import io.mokube.standalone.cluster.ClusterFolder;
import io.mokube.standalone.cluster.NodeLeftovers;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mokube down}: stops a cluster and its containers; its objects stay for the next {@code up}. */
@Command(
        name = "down",
        description = "Stops the cluster and its containers. What the API server stores is kept for the next `up`.",
        mixinStandardHelpOptions = true)
final class DownCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Mixin
    private FolderOption folder = new FolderOption();

    @Option(names = "--purge", description = "Remove the cluster's folder with everything in it.")
    private boolean purge;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Progress progress = new Progress(spec.commandLine().getOut());
        ClusterFolder target = folder.folder();
        Optional<ClusterFolder.Running> running = target.running();
        if (running.isPresent()) {
            stop(running.get(), progress);
        }
        // A cluster that was killed leaves its containers running, so that the next `up` finds them: now they go.
        boolean cleaned = NodeLeftovers.remove(target);
        if (running.isEmpty()) {
            progress.say(
                    cleaned
                            ? "No cluster was running in " + target.path() + "; removed what a killed one had left."
                            : "No cluster is running in " + target.path() + ".");
        }
        if (purge) {
            purge(target);
            progress.say("Removed " + target.path() + ".");
        }
        return 0;
    }

    private static void stop(ClusterFolder.Running running, Progress progress) throws InterruptedException {
        Optional<ProcessHandle> process = ProcessHandle.of(running.pid());
        if (process.isEmpty()) {
            return;
        }
        progress.say("Stopping the cluster (process " + running.pid() + ") …");
        process.get().destroy();
        try {
            process.get().onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            progress.say("Stopped.");
        } catch (TimeoutException e) {
            process.get().destroyForcibly();
            progress.say("It did not stop within " + PATIENCE.toSeconds() + " s and was killed.");
        } catch (ExecutionException e) {
            throw new ComponentException("can't wait for process " + running.pid() + ": " + e.getCause(), e);
        }
    }

    /** Removes the folder, but only one that is a cluster's. */
    private static void purge(ClusterFolder target) throws IOException {
        if (target.runtime().isEmpty()) {
            if (Files.exists(target.path())) {
                throw new ComponentException(target.path() + " is no cluster's folder: not removed");
            }
            return;
        }
        target.remove();
    }
}
