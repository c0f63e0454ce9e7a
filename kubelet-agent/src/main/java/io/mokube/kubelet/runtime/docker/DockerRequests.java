package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.UpdateContainerCmd;
import com.github.dockerjava.api.model.BindOptions;
import com.github.dockerjava.api.model.BindPropagation;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.DeviceRequest;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.ImageOptions;
import com.github.dockerjava.api.model.InternetProtocol;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.ContainerConfig.Resources;
import io.mokube.kubelet.runtime.ContainerConfig.Seccomp;
import io.mokube.kubelet.runtime.ContainerConfig.Security;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.runtime.cri.PauseImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Our values as requests to make a container. */
final class DockerRequests {

    /** Docker rotates by itself; sizes and numbers are the kubelet's. */
    private static final LogConfig LOG =
            new LogConfig(LogConfig.LoggingType.JSON_FILE, Map.of("max-size", "10m", "max-file", "5"));

    /** The last that the kernel ends for want of memory, as long as the machine allows to say so. */
    private static final int PAUSE_OOM_SCORE_ADJUST = -998;

    /** The least that the kernel can be told. */
    private static final int PAUSE_CPU_SHARES = 2;

    private DockerRequests() {}

    /**
     * @param address the sandbox's address in the network; empty with the host's network
     */
    static void sandbox(CreateContainerCmd request, SandboxConfig config, String network, String address) {
        SandboxConfig.Namespaces namespaces = config.namespaces();
        HostConfig host = new HostConfig()
                .withLogConfig(LOG)
                .withSysctls(config.sysctls())
                .withCpuShares(PAUSE_CPU_SHARES)
                .withOomScoreAdj(OomScore.allowed(PAUSE_OOM_SCORE_ADJUST))
                .withIpcMode(namespaces.hostIpc() ? "host" : "shareable")
                .withDns(config.dns().servers())
                .withDnsSearch(config.dns().searches())
                .withDnsOptions(config.dns().options());
        if (!config.runtimeHandler().isEmpty()) {
            host.withRuntime(config.runtimeHandler());
        }
        if (namespaces.hostPid()) {
            host.withPidMode("host");
        }
        if (namespaces.hostNetwork()) {
            host.withNetworkMode("host").withUtSMode("host");
        } else {
            host.withNetworkMode(network).withPortBindings(ports(config));
            request.withHostName(config.hostname())
                    .withIpv4Address(address)
                    .withExposedPorts(config.portMappings().stream()
                            .map(DockerRequests::port)
                            .toList());
        }
        inGroup(host, config);
        request.withName(DockerLabels.sandboxName(config))
                .withImage(PauseImage.NAME)
                .withLabels(DockerLabels.of(config, network, address))
                .withHostConfig(host);
    }

    private static List<PortBinding> ports(SandboxConfig config) {
        return config.portMappings().stream()
                .map(mapping -> new PortBinding(
                        mapping.hostIp().isEmpty()
                                ? Ports.Binding.bindPort(mapping.hostPort())
                                : Ports.Binding.bindIpAndPort(mapping.hostIp(), mapping.hostPort()),
                        port(mapping)))
                .toList();
    }

    private static ExposedPort port(SandboxConfig.PortMapping mapping) {
        return new ExposedPort(
                mapping.containerPort(),
                InternetProtocol.valueOf(mapping.protocol().toUpperCase(Locale.ROOT)));
    }

    static void container(
            CreateContainerCmd request,
            ContainerConfig config,
            SandboxConfig sandbox,
            String sandboxId,
            String network) {
        Security security = config.security();
        HostConfig host = new HostConfig()
                .withLogConfig(LOG)
                .withMounts(mounts(config))
                .withPrivileged(security.privileged())
                .withReadonlyRootfs(security.readOnlyRoot())
                .withGroupAdd(security.supplementalGroups().stream()
                        .map(String::valueOf)
                        .toList())
                .withCapAdd(capabilities(security.addCapabilities()))
                .withCapDrop(capabilities(security.dropCapabilities()))
                .withSecurityOpts(options(security));
        if (!config.devices().isEmpty()) {
            host.withDevices(config.devices().stream()
                    .map(device ->
                            new Device(device.readOnly() ? "r" : "rwm", device.containerPath(), device.hostPath()))
                    .toList());
        }
        if (!config.cdiDevices().isEmpty()) {
            host.withDeviceRequests(
                    List.of(new DeviceRequest().withDriver("cdi").withDeviceIds(config.cdiDevices())));
        }
        limit(host, config.resources());
        join(host, config.namespaces(), "container:" + sandboxId);
        inGroup(host, sandbox);
        request.withName(DockerLabels.containerName(config, sandbox))
                .withImage(config.image())
                .withLabels(DockerLabels.of(
                        config,
                        sandbox,
                        sandboxId,
                        network,
                        Path.of(sandbox.logDirectory(), config.logPath()).toString()))
                .withEnv(config.environment().entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList())
                .withStdinOpen(config.stdin())
                .withStdInOnce(config.stdinOnce())
                .withTty(config.tty())
                .withHostConfig(host);
        if (!config.command().isEmpty()) {
            request.withEntrypoint(config.command());
        }
        if (!config.arguments().isEmpty()) {
            request.withCmd(config.arguments());
        }
        if (!config.workingDirectory().isEmpty()) {
            request.withWorkingDir(config.workingDirectory());
        }
        if (security.runAsUser().isPresent()) {
            String group = security.runAsGroup().isPresent()
                    ? ":" + security.runAsGroup().getAsLong()
                    : "";
            request.withUser(security.runAsUser().getAsLong() + group);
        }
    }

    private static void inGroup(HostConfig host, SandboxConfig sandbox) {
        if (!sandbox.cgroupParent().isEmpty()) {
            host.withCgroupParent(sandbox.cgroupParent());
        }
    }

    private static void limit(HostConfig host, Resources resources) {
        if (resources.cpuQuota() > 0) {
            host.withCpuPeriod(resources.cpuPeriod()).withCpuQuota(resources.cpuQuota());
        }
        if (resources.cpuShares() > 0) {
            host.withCpuShares((int) resources.cpuShares());
        }
        if (resources.memoryLimitBytes() > 0) {
            // The same limit for memory and swap together: no swap.
            host.withMemory(resources.memoryLimitBytes()).withMemorySwap(resources.memoryLimitBytes());
        }
        host.withOomScoreAdj(OomScore.allowed(resources.oomScoreAdjust()));
    }

    /** Changes a running container's limits. */
    static UpdateContainerCmd update(UpdateContainerCmd request, Resources resources) {
        if (resources.cpuQuota() > 0) {
            request.withCpuPeriod(resources.cpuPeriod()).withCpuQuota(resources.cpuQuota());
        }
        if (resources.cpuShares() > 0) {
            request.withCpuShares((int) resources.cpuShares());
        }
        if (resources.memoryLimitBytes() > 0) {
            request.withMemory(resources.memoryLimitBytes()).withMemorySwap(resources.memoryLimitBytes());
        }
        return request;
    }

    private static void join(HostConfig host, SandboxConfig.Namespaces namespaces, String sandbox) {
        host.withNetworkMode(sandbox).withIpcMode(namespaces.hostIpc() ? "host" : sandbox);
        if (namespaces.hostNetwork()) {
            host.withUtSMode("host");
        }
        if (!namespaces.processesOf().isEmpty()) {
            host.withPidMode("container:" + namespaces.processesOf());
        } else if (namespaces.hostPid()) {
            host.withPidMode("host");
        } else if (namespaces.sharedProcesses()) {
            host.withPidMode(sandbox);
        }
    }

    private static List<Mount> mounts(ContainerConfig config) {
        List<Mount> mounts = new ArrayList<>();
        for (ContainerConfig.Mount mount : config.mounts()) {
            if (mount.image().isPresent()) {
                mounts.add(imageMount(mount.containerPath(), mount.image().get()));
                continue;
            }
            Path source = Path.of(mount.hostPath());
            try {
                if (!Files.exists(source)) {
                    Files.createDirectories(source);
                }
            } catch (IOException e) {
                throw new RuntimeCallException(Kind.FAILED, "failed to mkdir \"" + source + "\": " + e.getMessage(), e);
            }
            mounts.add(new Mount()
                    .withType(MountType.BIND)
                    .withSource(mount.hostPath())
                    .withTarget(mount.containerPath())
                    .withReadOnly(mount.readOnly())
                    .withBindOptions(new BindOptions()
                            .withPropagation(
                                    switch (mount.propagation()) {
                                        case PRIVATE -> BindPropagation.R_PRIVATE;
                                        case HOST_TO_CONTAINER -> BindPropagation.R_SLAVE;
                                        case BIDIRECTIONAL -> BindPropagation.R_SHARED;
                                    })));
        }
        return mounts;
    }

    private static Mount imageMount(String target, ContainerConfig.Mount.ImagePart image) {
        Mount mount = new Mount()
                .withType(MountType.IMAGE)
                .withSource(image.id())
                .withTarget(target)
                .withReadOnly(true);
        return image.subPath().isEmpty()
                ? mount
                : mount.withImageOptions(new ImageOptions().withSubpath(image.subPath()));
    }

    private static Capability[] capabilities(List<String> names) {
        List<Capability> capabilities = new ArrayList<>();
        for (String name : names) {
            String upper = name.toUpperCase(Locale.ROOT);
            try {
                capabilities.add(Capability.valueOf(upper.startsWith("CAP_") ? upper.substring(4) : upper));
            } catch (IllegalArgumentException e) {
                throw new RuntimeCallException(Kind.FAILED, "unknown capability \"" + name + "\"", e);
            }
        }
        return capabilities.toArray(Capability[]::new);
    }

    private static List<String> options(Security security) {
        List<String> options = new ArrayList<>();
        if (security.noNewPrivileges()) {
            options.add("no-new-privileges");
        }
        // Kubernetes' default is Unconfined, Docker's is its own profile.
        String type = security.seccomp().map(Seccomp::type).orElse("Unconfined");
        switch (type) {
            case "RuntimeDefault" -> {}
            case "Localhost" ->
                options.add("seccomp="
                        + profile(security.seccomp().map(Seccomp::localhostPath).orElse("")));
            default -> options.add("seccomp=unconfined");
        }
        return options;
    }

    /** Docker wants the profile itself, not its path. */
    private static String profile(String path) {
        try {
            return Files.readString(Path.of(path));
        } catch (IOException e) {
            throw new RuntimeCallException(
                    Kind.FAILED, "can't read the seccomp profile \"" + path + "\": " + e.getMessage(), e);
        }
    }
}
