package io.mokube.standalone.command;

import io.mokube.standalone.host.ClientPrograms;
import io.mokube.standalone.host.HostPackage;
import io.mokube.standalone.host.HostSetup;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mokube setup}: installs the Debian packages that running clusters, or the tests, need. */
@Command(
        name = "setup",
        description =
                "Installs the Debian packages that clusters (or the tests) need, or prints the command that does.",
        mixinStandardHelpOptions = true)
final class SetupCommand implements Callable<Integer> {

    /** What the packages are for. */
    enum Purpose {
        CLUSTER,
        TESTS
    }

    /** What nodes with containerd need; the image that holds a pod's namespaces is made from busybox. */
    static final List<HostPackage> CONTAINERD_NODES = List.of(
            HostPackage.CONTAINERD,
            HostPackage.RUNC,
            HostPackage.CNI_PLUGINS,
            HostPackage.IPTABLES,
            HostPackage.IPROUTE,
            HostPackage.NFTABLES,
            HostPackage.CONNTRACK,
            HostPackage.BUSYBOX);

    @Option(
            names = "--for",
            paramLabel = "PURPOSE",
            defaultValue = "CLUSTER",
            description = "cluster (the default) or tests.")
    private Purpose purpose = Purpose.CLUSTER;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<HostPackage> packages =
                switch (purpose) {
                    case CLUSTER -> CONTAINERD_NODES;
                    case TESTS -> List.copyOf(EnumSet.allOf(HostPackage.class));
                };
        Progress progress = new Progress(spec.commandLine().getOut());
        new HostSetup(progress::say).require(packages);
        if (purpose == Purpose.TESTS) {
            new ClientPrograms(Path.of(System.getProperty("mokube.home", "."), "target", "tools"), progress::say)
                    .require();
        }
        return 0;
    }
}
