package io.mokube.kubelet.runtime;

import java.util.List;
import java.util.Map;

/**
 * What a sandbox is made of.
 *
 * @param name the pod's name
 * @param uid the pod's UID
 * @param namespace the pod's namespace
 * @param attempt counts the sandboxes of one pod, from 0
 * @param hostname the host name seen inside; empty with the host's network
 * @param logDirectory where the containers' logs go
 * @param dns servers and searches for the containers' resolv.conf
 * @param portMappings ports of the host that lead into the sandbox
 * @param labels by which the sandbox is found again
 * @param annotations kept and given back unchanged
 * @param cgroupParent the pod's control group, empty for the runtime's own choice
 * @param namespaces which namespaces are the pod's own
 * @param sysctls kernel parameters of the sandbox's namespaces
 * @param privileged whether a privileged container will run in it
 * @param runtimeHandler which of the runtime's ways to run containers, empty for its default
 */
public record SandboxConfig(
        String name,
        String uid,
        String namespace,
        int attempt,
        String hostname,
        String logDirectory,
        Dns dns,
        List<PortMapping> portMappings,
        Map<String, String> labels,
        Map<String, String> annotations,
        String cgroupParent,
        Namespaces namespaces,
        Map<String, String> sysctls,
        boolean privileged,
        String runtimeHandler) {

    /** A sandbox of the runtime's default way. */
    public SandboxConfig(
            String name,
            String uid,
            String namespace,
            int attempt,
            String hostname,
            String logDirectory,
            Dns dns,
            List<PortMapping> portMappings,
            Map<String, String> labels,
            Map<String, String> annotations,
            String cgroupParent,
            Namespaces namespaces,
            Map<String, String> sysctls,
            boolean privileged) {
        this(
                name,
                uid,
                namespace,
                attempt,
                hostname,
                logDirectory,
                dns,
                portMappings,
                labels,
                annotations,
                cgroupParent,
                namespaces,
                sysctls,
                privileged,
                "");
    }

    /** The same, run in another way. */
    public SandboxConfig withRuntimeHandler(String handler) {
        return new SandboxConfig(
                name,
                uid,
                namespace,
                attempt,
                hostname,
                logDirectory,
                dns,
                portMappings,
                labels,
                annotations,
                cgroupParent,
                namespaces,
                sysctls,
                privileged,
                handler);
    }

    /** Name resolution inside the sandbox; all empty means the host's. */
    public record Dns(List<String> servers, List<String> searches, List<String> options) {
        public static final Dns HOST = new Dns(List.of(), List.of(), List.of());
    }

    /** A port of the host that leads to a port of the sandbox. */
    public record PortMapping(String protocol, int containerPort, int hostPort, String hostIp) {}

    /**
     * Which of the host's namespaces are shared, and whose processes a container sees.
     *
     * @param sharedProcesses whether the containers share one process namespace
     * @param processesOf the container whose process namespace is shared instead, by its id; empty for none
     */
    public record Namespaces(
            boolean hostNetwork, boolean hostPid, boolean hostIpc, boolean sharedProcesses, String processesOf) {

        public static final Namespaces OWN = new Namespaces(false, false, false, false, "");

        /** The same, with another container's processes in sight. */
        public Namespaces withProcessesOf(String containerId) {
            return new Namespaces(hostNetwork, hostPid, hostIpc, sharedProcesses, containerId);
        }
    }
}
