package io.mokube.apiserver.admission.plugins;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/**
 * The Pod Security Standards as of Kubernetes 1.36. Each rule gives a sentence in Kubernetes' words for what breaks it; the
 * order is that of the rules' names there.
 */
final class PodSecurityStandard {

    private static final Set<String> DEFAULT_CAPABILITIES = Set.of(
            "AUDIT_WRITE",
            "CHOWN",
            "DAC_OVERRIDE",
            "FOWNER",
            "FSETID",
            "KILL",
            "MKNOD",
            "NET_BIND_SERVICE",
            "SETFCAP",
            "SETGID",
            "SETPCAP",
            "SETUID",
            "SYS_CHROOT");

    private static final Set<String> SAFE_SYSCTLS = Set.of(
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.ping_group_range",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_rmem",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.tcp_wmem");

    private static final Set<String> SELINUX_TYPES =
            Set.of("", "container_engine_t", "container_init_t", "container_kvm_t", "container_t");

    private static final Set<String> RESTRICTED_VOLUMES = Set.of(
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "image",
            "persistentVolumeClaim",
            "projected",
            "secret");

    private static final Set<String> PROFILES = Set.of("RuntimeDefault", "Localhost");

    private final JsonNode spec;
    private final List<String> faults = new ArrayList<>();

    private PodSecurityStandard(JsonNode spec) {
        this.spec = spec;
    }

    /** What of a pod's spec breaks the level {@code baseline}. */
    static List<String> baseline(JsonNode spec) {
        PodSecurityStandard standard = new PodSecurityStandard(spec);
        standard.appArmor();
        standard.capabilities(DEFAULT_CAPABILITIES, "non-default capabilities");
        standard.hostNamespaces();
        standard.hostPathVolumes();
        standard.hostPorts();
        standard.privileged();
        standard.procMount();
        standard.seLinux();
        standard.seccompNotUnconfined();
        standard.sysctls();
        standard.hostProcess();
        return standard.faults;
    }

    /** What of a pod's spec breaks the level {@code restricted}. */
    static List<String> restricted(JsonNode spec) {
        PodSecurityStandard standard = new PodSecurityStandard(spec);
        boolean isWindows = spec.path("os").path("name").asString("").equals("windows");
        standard.appArmor();
        standard.hostNamespaces();
        standard.hostPorts();
        standard.privileged();
        standard.procMount();
        standard.seLinux();
        standard.sysctls();
        standard.hostProcess();
        if (!isWindows) {
            standard.privilegeEscalation();
            standard.restrictedCapabilities();
        }
        standard.restrictedVolumes();
        standard.nonRoot();
        standard.notUserZero();
        if (!isWindows) {
            standard.seccompDemanded();
        }
        return standard.faults;
    }

    private void fault(String reason, Collection<String> details) {
        if (!details.isEmpty()) {
            faults.add(reason + " (" + String.join("; ", details) + ")");
        }
    }

    private List<JsonNode> containers() {
        List<JsonNode> containers = new ArrayList<>();
        for (String list : List.of("initContainers", "containers", "ephemeralContainers")) {
            spec.path(list).forEach(containers::add);
        }
        return containers;
    }

    private List<String> containers(Predicate<JsonNode> which) {
        return containers().stream()
                .filter(which)
                .map(container -> container.path("name").asString(""))
                .toList();
    }

    private static JsonNode security(JsonNode podOrContainer) {
        return podOrContainer.path("securityContext");
    }

    private static String quoted(Collection<String> names) {
        return "\"" + String.join("\", \"", names) + "\"";
    }

    /** {@code container "a"} or {@code containers "a", "b"}. */
    private static String named(Collection<String> names) {
        return (names.size() == 1 ? "container " : "containers ") + quoted(names);
    }

    private static List<String> ifAny(Collection<String> names, String rest) {
        return names.isEmpty() ? List.of() : List.of(named(names) + rest);
    }

    private void appArmor() {
        Predicate<JsonNode> isBad = each -> {
            String type = security(each).path("appArmorProfile").path("type").asString("");
            return !type.isEmpty() && !PROFILES.contains(type);
        };
        List<String> details = new ArrayList<>();
        if (isBad.test(spec)) {
            details.add("pod must not set AppArmor profile type to \"Unconfined\"");
        }
        details.addAll(ifAny(containers(isBad), " must not set AppArmor profile type to \"Unconfined\""));
        fault("forbidden AppArmor profile", details);
    }

    private List<String> addedBeyond(Set<String> allowed) {
        Set<String> capabilities = new TreeSet<>();
        List<String> names = containers(container -> {
            boolean adds = false;
            for (JsonNode each : security(container).path("capabilities").path("add")) {
                if (!allowed.contains(each.asString(""))) {
                    capabilities.add(each.asString(""));
                    adds = true;
                }
            }
            return adds;
        });
        return ifAny(names, " must not include " + quoted(capabilities) + " in securityContext.capabilities.add");
    }

    private void capabilities(Set<String> allowed, String reason) {
        fault(reason, addedBeyond(allowed));
    }

    private void hostNamespaces() {
        List<String> shared = new ArrayList<>();
        for (String field : List.of("hostNetwork", "hostPID", "hostIPC")) {
            if (spec.path(field).asBoolean(false)) {
                shared.add(field + "=true");
            }
        }
        fault("host namespaces", shared.isEmpty() ? List.of() : List.of(String.join(", ", shared)));
    }

    private void hostPathVolumes() {
        List<String> names = new ArrayList<>();
        for (JsonNode volume : spec.path("volumes")) {
            if (volume.has("hostPath")) {
                names.add(volume.path("name").asString(""));
            }
        }
        fault(
                "hostPath volumes",
                names.isEmpty() ? List.of() : List.of((names.size() == 1 ? "volume " : "volumes ") + quoted(names)));
    }

    private void hostPorts() {
        Set<String> ports = new LinkedHashSet<>();
        List<String> names = containers(container -> {
            boolean uses = false;
            for (JsonNode port : container.path("ports")) {
                if (port.path("hostPort").asInt(0) != 0) {
                    ports.add(Integer.toString(port.path("hostPort").asInt(0)));
                    uses = true;
                }
            }
            return uses;
        });
        String verb = names.size() == 1 ? " uses " : " use ";
        String noun = ports.size() == 1 ? "hostPort " : "hostPorts ";
        fault("hostPort", ifAny(names, verb + noun + String.join(", ", ports)));
    }

    private void privileged() {
        fault(
                "privileged",
                ifAny(
                        containers(each -> security(each).path("privileged").asBoolean(false)),
                        " must not set securityContext.privileged=true"));
    }

    private void procMount() {
        fault(
                "procMount",
                ifAny(
                        containers(each -> !security(each)
                                .path("procMount")
                                .asString("Default")
                                .equals("Default")),
                        " must not set securityContext.procMount to \"Unmasked\""));
    }

    private void seLinux() {
        Set<String> found = new LinkedHashSet<>();
        Predicate<JsonNode> isBad = each -> {
            JsonNode options = security(each).path("seLinuxOptions");
            int before = found.size();
            String type = options.path("type").asString("");
            if (!SELINUX_TYPES.contains(type)) {
                found.add("type \"" + type + "\"");
            }
            boolean names = false;
            for (String field : List.of("user", "role")) {
                if (!options.path(field).asString("").isEmpty()) {
                    found.add(field + " may not be set");
                    names = true;
                }
            }
            return names || found.size() > before || !SELINUX_TYPES.contains(type);
        };
        boolean pod = isBad.test(spec);
        List<String> names = containers(isBad);
        if (!pod && names.isEmpty()) {
            return;
        }
        String who = pod ? (names.isEmpty() ? "pod" : "pod and " + named(names)) : named(names);
        fault(
                "seLinuxOptions",
                List.of(who + " set forbidden securityContext.seLinuxOptions: " + String.join("; ", found)));
    }

    private static String seccomp(JsonNode podOrContainer) {
        return security(podOrContainer).path("seccompProfile").path("type").asString("");
    }

    private static final String UNCONFINED = " must not set securityContext.seccompProfile.type to \"Unconfined\"";

    private void seccompNotUnconfined() {
        List<String> details = new ArrayList<>();
        if (seccomp(spec).equals("Unconfined")) {
            details.add("pod" + UNCONFINED);
        }
        details.addAll(ifAny(containers(each -> seccomp(each).equals("Unconfined")), UNCONFINED));
        fault("seccompProfile", details);
    }

    private void sysctls() {
        List<String> forbidden = new ArrayList<>();
        for (JsonNode sysctl : security(spec).path("sysctls")) {
            String name = sysctl.path("name").asString("");
            if (!SAFE_SYSCTLS.contains(name)) {
                forbidden.add(name);
            }
        }
        fault("forbidden sysctls", forbidden.isEmpty() ? List.of() : List.of(String.join(", ", forbidden)));
    }

    private void hostProcess() {
        Predicate<JsonNode> isBad = each ->
                security(each).path("windowsOptions").path("hostProcess").asBoolean(false);
        List<String> details = new ArrayList<>();
        if (isBad.test(spec)) {
            details.add("pod must not set securityContext.windowsOptions.hostProcess=true");
        }
        details.addAll(ifAny(containers(isBad), " must not set securityContext.windowsOptions.hostProcess=true"));
        fault("hostProcess", details);
    }

    private void privilegeEscalation() {
        fault(
                "allowPrivilegeEscalation != false",
                ifAny(
                        containers(each ->
                                security(each).path("allowPrivilegeEscalation").asBoolean(true)),
                        " must set securityContext.allowPrivilegeEscalation=false"));
    }

    private void restrictedCapabilities() {
        List<String> keeping = containers(container -> {
            for (JsonNode dropped : security(container).path("capabilities").path("drop")) {
                if (dropped.asString("").equals("ALL")) {
                    return false;
                }
            }
            return true;
        });
        List<String> details = new ArrayList<>(ifAny(keeping, " must set securityContext.capabilities.drop=[\"ALL\"]"));
        details.addAll(addedBeyond(Set.of("NET_BIND_SERVICE")));
        fault("unrestricted capabilities", details);
    }

    private void restrictedVolumes() {
        List<String> names = new ArrayList<>();
        Set<String> types = new TreeSet<>();
        for (JsonNode volume : spec.path("volumes")) {
            volume.propertyNames().stream()
                    .filter(field -> !field.equals("name") && !RESTRICTED_VOLUMES.contains(field))
                    .forEach(type -> {
                        names.add(volume.path("name").asString(""));
                        types.add(type);
                    });
        }
        if (!names.isEmpty()) {
            String who = names.size() == 1 ? "volume " + quoted(names) + " uses" : "volumes " + quoted(names) + " use";
            String noun = types.size() == 1 ? " restricted volume type " : " restricted volume types ";
            fault("restricted volume types", List.of(who + noun + quoted(types)));
        }
    }

    private void nonRoot() {
        JsonNode ofPod = security(spec).path("runAsNonRoot");
        List<String> details = new ArrayList<>();
        if (ofPod.isBoolean() && !ofPod.booleanValue()) {
            details.add("pod must not set securityContext.runAsNonRoot=false");
        }
        details.addAll(ifAny(
                containers(each -> security(each).path("runAsNonRoot").isBoolean()
                        && !security(each).path("runAsNonRoot").booleanValue()),
                " must not set securityContext.runAsNonRoot=false"));
        if (!ofPod.asBoolean(false)) {
            List<String> silent =
                    containers(each -> !security(each).path("runAsNonRoot").isBoolean());
            if (!silent.isEmpty() && !ofPod.isBoolean()) {
                details.add("pod or " + named(silent) + " must set securityContext.runAsNonRoot=true");
            }
        }
        fault("runAsNonRoot != true", details);
    }

    private void notUserZero() {
        Predicate<JsonNode> isRoot = each -> security(each).path("runAsUser").isNumber()
                && security(each).path("runAsUser").asLong(1) == 0;
        List<String> details = new ArrayList<>();
        if (isRoot.test(spec)) {
            details.add("pod must not set runAsUser=0");
        }
        details.addAll(ifAny(containers(isRoot), " must not set runAsUser=0"));
        fault("runAsUser=0", details);
    }

    private void seccompDemanded() {
        String ofPod = seccomp(spec);
        List<String> details = new ArrayList<>();
        if (!ofPod.isEmpty() && !PROFILES.contains(ofPod)) {
            details.add("pod must not set securityContext.seccompProfile.type to \"" + ofPod + "\"");
        }
        details.addAll(
                ifAny(containers(each -> !seccomp(each).isEmpty() && !PROFILES.contains(seccomp(each))), UNCONFINED));
        if (ofPod.isEmpty()) {
            List<String> silent = containers(each -> seccomp(each).isEmpty());
            if (!silent.isEmpty()) {
                details.add("pod or " + named(silent)
                        + " must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
            }
        }
        fault("seccompProfile", details);
    }
}
