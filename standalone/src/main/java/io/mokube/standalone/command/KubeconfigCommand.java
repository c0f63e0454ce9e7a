package io.mokube.standalone.command;

import io.mokube.machinery.component.ComponentException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code mokube kubeconfig}: prints where the administrator's kubeconfig is, for {@code export KUBECONFIG=$(…)}. */
@Command(
        name = "kubeconfig",
        description = "Prints the path of the administrator's kubeconfig: export KUBECONFIG=$(./mokube kubeconfig)",
        mixinStandardHelpOptions = true)
final class KubeconfigCommand implements Callable<Integer> {

    @Mixin
    private FolderOption folder = new FolderOption();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Path kubeconfig = folder.folder().kubeconfig();
        if (!Files.exists(kubeconfig)) {
            throw new ComponentException(
                    "there is no cluster in " + folder.folder().path() + ": start one with `mokube up`");
        }
        spec.commandLine().getOut().println(kubeconfig);
        return 0;
    }
}
