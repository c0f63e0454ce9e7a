package io.mokube.kubelet.runtime.cri;

import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.ContainerStats;
import io.mokube.kubelet.runtime.ContainerStatus;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.runtime.Usage;
import io.mokube.kubelet.runtime.cri.v1.CDIDevice;
import io.mokube.kubelet.runtime.cri.v1.Capability;
import io.mokube.kubelet.runtime.cri.v1.ContainerMetadata;
import io.mokube.kubelet.runtime.cri.v1.ContainerState;
import io.mokube.kubelet.runtime.cri.v1.DNSConfig;
import io.mokube.kubelet.runtime.cri.v1.Device;
import io.mokube.kubelet.runtime.cri.v1.HugepageLimit;
import io.mokube.kubelet.runtime.cri.v1.ImageSpec;
import io.mokube.kubelet.runtime.cri.v1.Int64Value;
import io.mokube.kubelet.runtime.cri.v1.KeyValue;
import io.mokube.kubelet.runtime.cri.v1.LinuxContainerConfig;
import io.mokube.kubelet.runtime.cri.v1.LinuxContainerResources;
import io.mokube.kubelet.runtime.cri.v1.LinuxContainerSecurityContext;
import io.mokube.kubelet.runtime.cri.v1.LinuxPodSandboxConfig;
import io.mokube.kubelet.runtime.cri.v1.LinuxSandboxSecurityContext;
import io.mokube.kubelet.runtime.cri.v1.Mount;
import io.mokube.kubelet.runtime.cri.v1.MountPropagation;
import io.mokube.kubelet.runtime.cri.v1.NamespaceMode;
import io.mokube.kubelet.runtime.cri.v1.NamespaceOption;
import io.mokube.kubelet.runtime.cri.v1.PodSandboxConfig;
import io.mokube.kubelet.runtime.cri.v1.PodSandboxMetadata;
import io.mokube.kubelet.runtime.cri.v1.PortMapping;
import io.mokube.kubelet.runtime.cri.v1.Protocol;
import io.mokube.kubelet.runtime.cri.v1.SecurityProfile;
import java.time.Instant;
import java.util.List;

/** Our values as CRI's messages, and back. */
final class CriMessages {

    /** What a container must not see of the host's kernel unless it is privileged. */
    private static final List<String> MASKED_PATHS = List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/interrupts",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/sys/firmware",
            "/sys/devices/virtual/powercap");

    private static final List<String> READ_ONLY_PATHS =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private CriMessages() {}

    static PodSandboxConfig sandbox(SandboxConfig config) {
        PodSandboxConfig.Builder message = PodSandboxConfig.newBuilder()
                .setMetadata(PodSandboxMetadata.newBuilder()
                        .setName(config.name())
                        .setUid(config.uid())
                        .setNamespace(config.namespace())
                        .setAttempt(config.attempt()))
                .setHostname(config.hostname())
                .setLogDirectory(config.logDirectory())
                .putAllLabels(config.labels())
                .putAllAnnotations(config.annotations())
                .setLinux(LinuxPodSandboxConfig.newBuilder()
                        .setCgroupParent(config.cgroupParent())
                        .putAllSysctls(config.sysctls())
                        .setSecurityContext(LinuxSandboxSecurityContext.newBuilder()
                                .setNamespaceOptions(namespaces(config.namespaces()))
                                .setPrivileged(config.privileged())
                                .setSeccomp(SecurityProfile.newBuilder()
                                        .setProfileType(SecurityProfile.ProfileType.RuntimeDefault))));
        if (!config.dns().equals(SandboxConfig.Dns.HOST)) {
            message.setDnsConfig(DNSConfig.newBuilder()
                    .addAllServers(config.dns().servers())
                    .addAllSearches(config.dns().searches())
                    .addAllOptions(config.dns().options()));
        }
        for (SandboxConfig.PortMapping port : config.portMappings()) {
            message.addPortMappings(PortMapping.newBuilder()
                    .setProtocol(Protocol.valueOf(port.protocol()))
                    .setContainerPort(port.containerPort())
                    .setHostPort(port.hostPort())
                    .setHostIp(port.hostIp()));
        }
        return message.build();
    }

    static io.mokube.kubelet.runtime.cri.v1.ContainerConfig container(ContainerConfig config) {
        var message = io.mokube.kubelet.runtime.cri.v1.ContainerConfig.newBuilder()
                .setMetadata(
                        ContainerMetadata.newBuilder().setName(config.name()).setAttempt(config.attempt()))
                .setImage(ImageSpec.newBuilder().setImage(config.image()))
                .addAllCommand(config.command())
                .addAllArgs(config.arguments())
                .setWorkingDir(config.workingDirectory())
                .putAllLabels(config.labels())
                .putAllAnnotations(config.annotations())
                .setLogPath(config.logPath())
                .setStdin(config.stdin())
                .setStdinOnce(config.stdinOnce())
                .setTty(config.tty())
                .setLinux(LinuxContainerConfig.newBuilder()
                        .setResources(resources(config.resources()))
                        .setSecurityContext(security(config)));
        config.environment()
                .forEach((key, value) ->
                        message.addEnvs(KeyValue.newBuilder().setKey(key).setValue(value)));
        for (ContainerConfig.Mount mount : config.mounts()) {
            Mount.Builder one = Mount.newBuilder();
            mount.image()
                    .ifPresent(image -> one.setImage(ImageSpec.newBuilder()
                                    .setImage(image.id())
                                    .setUserSpecifiedImage(image.reference()))
                            .setImageSubPath(image.subPath()));
            message.addMounts(one.setContainerPath(mount.containerPath())
                    .setHostPath(mount.hostPath())
                    .setReadonly(mount.readOnly())
                    .setPropagation(
                            switch (mount.propagation()) {
                                case PRIVATE -> MountPropagation.PROPAGATION_PRIVATE;
                                case HOST_TO_CONTAINER -> MountPropagation.PROPAGATION_HOST_TO_CONTAINER;
                                case BIDIRECTIONAL -> MountPropagation.PROPAGATION_BIDIRECTIONAL;
                            }));
        }
        for (ContainerConfig.Device device : config.devices()) {
            message.addDevices(Device.newBuilder()
                    .setContainerPath(device.containerPath())
                    .setHostPath(device.hostPath())
                    .setPermissions(device.readOnly() ? "r" : "rwm"));
        }
        config.cdiDevices()
                .forEach(name -> message.addCDIDevices(CDIDevice.newBuilder().setName(name)));
        return message.build();
    }

    static LinuxContainerResources resources(ContainerConfig.Resources resources) {
        LinuxContainerResources.Builder message = LinuxContainerResources.newBuilder()
                .setCpuPeriod(resources.cpuPeriod())
                .setCpuQuota(resources.cpuQuota())
                .setCpuShares(resources.cpuShares())
                .setMemoryLimitInBytes(resources.memoryLimitBytes())
                .setOomScoreAdj(resources.oomScoreAdjust());
        resources
                .hugePages()
                .forEach((size, bytes) -> message.addHugepageLimits(
                        HugepageLimit.newBuilder().setPageSize(size).setLimit(bytes)));
        return message.build();
    }

    private static LinuxContainerSecurityContext security(ContainerConfig config) {
        ContainerConfig.Security security = config.security();
        LinuxContainerSecurityContext.Builder message = LinuxContainerSecurityContext.newBuilder()
                .setPrivileged(security.privileged())
                .setReadonlyRootfs(security.readOnlyRoot())
                .setNoNewPrivs(security.noNewPrivileges())
                .addAllSupplementalGroups(security.supplementalGroups())
                .setNamespaceOptions(namespaces(config.namespaces()))
                .setCapabilities(Capability.newBuilder()
                        .addAllAddCapabilities(security.addCapabilities())
                        .addAllDropCapabilities(security.dropCapabilities()));
        if (!security.privileged()) {
            message.addAllMaskedPaths(MASKED_PATHS).addAllReadonlyPaths(READ_ONLY_PATHS);
        }
        security.runAsUser()
                .ifPresent(uid -> message.setRunAsUser(Int64Value.newBuilder().setValue(uid)));
        security.runAsGroup()
                .ifPresent(gid -> message.setRunAsGroup(Int64Value.newBuilder().setValue(gid)));
        SecurityProfile unconfined = SecurityProfile.newBuilder()
                .setProfileType(SecurityProfile.ProfileType.Unconfined)
                .build();
        message.setSeccomp(security.seccomp()
                .map(profile -> SecurityProfile.newBuilder()
                        .setProfileType(SecurityProfile.ProfileType.valueOf(profile.type()))
                        .setLocalhostRef(profile.localhostPath())
                        .build())
                .orElse(unconfined));
        return message.build();
    }

    private static NamespaceOption namespaces(SandboxConfig.Namespaces namespaces) {
        NamespaceOption.Builder message = NamespaceOption.newBuilder()
                .setNetwork(namespaces.hostNetwork() ? NamespaceMode.NODE : NamespaceMode.POD)
                .setIpc(namespaces.hostIpc() ? NamespaceMode.NODE : NamespaceMode.POD);
        if (!namespaces.processesOf().isEmpty()) {
            return message.setPid(NamespaceMode.TARGET)
                    .setTargetId(namespaces.processesOf())
                    .build();
        }
        return message.setPid(
                        namespaces.hostPid()
                                ? NamespaceMode.NODE
                                : namespaces.sharedProcesses() ? NamespaceMode.POD : NamespaceMode.CONTAINER)
                .build();
    }

    static ContainerStats stats(io.mokube.kubelet.runtime.cri.v1.ContainerStats stats) {
        return new ContainerStats(
                stats.getAttributes().getId(),
                new Usage(
                        instant(stats.getCpu().getTimestamp()),
                        stats.getCpu().getUsageCoreNanoSeconds().getValue(),
                        stats.getMemory().getWorkingSetBytes().getValue(),
                        stats.getMemory().getUsageBytes().getValue(),
                        stats.getMemory().getRssBytes().getValue()),
                stats.getWritableLayer().getUsedBytes().getValue(),
                stats.getWritableLayer().getInodesUsed().getValue());
    }

    static ContainerStatus.State state(ContainerState state) {
        return switch (state) {
            case CONTAINER_CREATED -> ContainerStatus.State.CREATED;
            case CONTAINER_RUNNING -> ContainerStatus.State.RUNNING;
            case CONTAINER_EXITED -> ContainerStatus.State.EXITED;
            case CONTAINER_UNKNOWN, UNRECOGNIZED -> ContainerStatus.State.UNKNOWN;
        };
    }

    static Instant instant(long nanoseconds) {
        return Instant.ofEpochSecond(nanoseconds / 1_000_000_000L, nanoseconds % 1_000_000_000L);
    }
}
