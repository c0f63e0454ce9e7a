package io.mokube.standalone.command;

import io.mokube.machinery.component.ComponentException;
import io.mokube.standalone.cluster.ClusterFolder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that says which cluster is meant. */
final class FolderOption {

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The cluster's folder (default: .mokube beside the mokube script, or $MOKUBE_DATA).")
    private @Nullable Path data;

    ClusterFolder folder() {
        Path path = data;
        if (path == null) {
            String fromEnvironment = System.getenv("MOKUBE_DATA");
            path = fromEnvironment != null && !fromEnvironment.isEmpty()
                    ? Path.of(fromEnvironment)
                    : Path.of(System.getProperty("mokube.home", "."), ".mokube");
        }
        return new ClusterFolder(path.toAbsolutePath().normalize());
    }

    /**
     * The cluster that runs in the folder.
     *
     * @throws ComponentException when none runs there
     */
    ClusterFolder.Running running() {
        ClusterFolder folder = folder();
        return folder.running()
                .orElseThrow(() -> new ComponentException(
                        "no cluster is running in " + folder.path() + ": start one with `mokube up`"));
    }
}
