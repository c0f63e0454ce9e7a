package io.mokube.standalone.command;

import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.machinery.component.ComponentException;
import io.mokube.standalone.cluster.ClusterFolder;
import io.mokube.standalone.cluster.NodeImages;
import io.mokube.standalone.cluster.RuntimeKind;
import io.mokube.standalone.host.HostPackage;
import io.mokube.standalone.host.HostSetup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mokube image}: puts images onto every node, for machines without a registry. */
@Command(
        name = "image",
        description = "Puts an image onto every node of the running cluster.",
        mixinStandardHelpOptions = true)
final class ImageCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: image load FILE.tar, or image demo");
    }

    @Command(name = "load", description = "Loads an image archive (docker save, or an OCI layout) onto every node.")
    int load(@Parameters(paramLabel = "FILE.tar", description = "The archive.") Path file, @Mixin FolderOption chosen) {
        if (!Files.isReadable(file)) {
            throw new ComponentException("can't read " + file);
        }
        say(load(chosen, file));
        return 0;
    }

    @Command(
            name = "demo",
            description =
                    "Makes the small image mokube/demo:1 (busybox and a web page), and :2, and loads them onto every node.")
    int demo(@Mixin FolderOption chosen) throws IOException {
        new HostSetup(this::say).require(List.of(HostPackage.BUSYBOX));
        Path archive = Files.createTempFile("mokube-demo", ".tar");
        try {
            for (String name : List.of(DemoImage.NAME, DemoImage.NEXT_NAME)) {
                DemoImage.write(name, archive);
                say(name + ": " + load(chosen, archive));
            }
        } finally {
            Files.deleteIfExists(archive);
        }
        say("Try: kubectl create deployment web --image=mokube/demo:1 --replicas=3");
        return 0;
    }

    private static String load(FolderOption chosen, Path archive) {
        chosen.running();
        ClusterFolder cluster = chosen.folder();
        if (cluster.runtime().orElseThrow() == RuntimeKind.HOLLOW) {
            return "The nodes are hollow and run no containers: every image is there already.";
        }
        NodeImages.load(cluster, archive);
        int nodes = cluster.nodes();
        return "Loaded onto " + nodes + (nodes == 1 ? " node." : " nodes.");
    }

    private void say(String line) {
        new Progress(spec.commandLine().getOut()).say(line);
    }
}
