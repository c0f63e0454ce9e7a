package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What must hold of security contexts and of what a pod shares with its host. */
final class PodSecurityValidation {

    private static final Pattern SYSCTL =
            Pattern.compile("[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*");
    private static final int LONGEST_SYSCTL = 253;

    private final List<FieldError> errors;

    private PodSecurityValidation(List<FieldError> errors) {
        this.errors = errors;
    }

    /** Adds what is wrong with a pod's own context. */
    static void pod(ObjectNode spec, String path, List<FieldError> errors) {
        new PodSecurityValidation(errors).pod(spec.path("securityContext"), spec, path + ".securityContext");
    }

    /** Adds what is wrong with a container's context. */
    static void container(ObjectNode container, String path, List<FieldError> errors) {
        new PodSecurityValidation(errors).container(container.path("securityContext"), path + ".securityContext");
    }

    private void pod(JsonNode context, ObjectNode spec, String path) {
        identities(context, path);
        identity(context.path("fsGroup"), path + ".fsGroup");
        for (int i = 0; i < context.path("supplementalGroups").size(); i++) {
            identity(context.path("supplementalGroups").path(i), path + ".supplementalGroups[" + i + "]");
        }
        seccomp(context.path("seccompProfile"), path + ".seccompProfile");
        if (spec.path("shareProcessNamespace").asBoolean(false)
                && spec.path("hostPID").asBoolean(false)) {
            errors.add(FieldError.invalid(
                    path + ".shareProcessNamespace", true, "ShareProcessNamespace and HostPID cannot both be enabled"));
        }
        Set<String> seen = new HashSet<>();
        List<ObjectNode> sysctls = Tree.items(context, "sysctls");
        for (int i = 0; i < sysctls.size(); i++) {
            String name = Tree.text(sysctls.get(i), "name");
            String here = path + ".sysctls[" + i + "].name";
            if (name.isEmpty()) {
                errors.add(FieldError.required(here, ""));
            } else if (name.length() > LONGEST_SYSCTL || !SYSCTL.matcher(name).matches()) {
                errors.add(FieldError.invalid(
                        here,
                        name,
                        "must have at most 253 characters and match regex"
                                + " ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"));
            } else if (!seen.add(name)) {
                errors.add(FieldError.duplicate(here, name));
            }
        }
    }

    private void container(JsonNode context, String path) {
        identities(context, path);
        seccomp(context.path("seccompProfile"), path + ".seccompProfile");
        if (!context.path("allowPrivilegeEscalation").asBoolean(true)) {
            if (context.path("privileged").asBoolean(false)) {
                errors.add(FieldError.invalid(
                        path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
            }
            for (JsonNode added : context.path("capabilities").path("add")) {
                if (Set.of("CAP_SYS_ADMIN", "SYS_ADMIN").contains(added.asString(""))) {
                    errors.add(FieldError.invalid(
                            path,
                            context,
                            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
                }
            }
        }
    }

    private void identities(JsonNode context, String path) {
        identity(context.path("runAsUser"), path + ".runAsUser");
        identity(context.path("runAsGroup"), path + ".runAsGroup");
    }

    private void identity(JsonNode id, String path) {
        long number = id.asLong(0);
        if (number < 0 || number > Integer.MAX_VALUE) {
            errors.add(FieldError.invalid(path, number, "must be between 0 and 2147483647, inclusive"));
        }
    }

    private void seccomp(JsonNode profile, String path) {
        if (profile.isMissingNode()) {
            return;
        }
        boolean local = Tree.text(profile, "type").equals("Localhost");
        String file = Tree.text(profile, "localhostProfile");
        if (local && file.isEmpty()) {
            errors.add(FieldError.required(path + ".localhostProfile", "must be set when seccomp type is Localhost"));
        } else if (!local && !file.isEmpty()) {
            errors.add(FieldError.invalid(
                    path + ".localhostProfile", file, "can only be set when seccomp type is Localhost"));
        }
    }
}
