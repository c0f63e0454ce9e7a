package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Who serves a group version. */
final class ApiServiceStrategy extends SpecStatusStrategy {

    private static final int HIGHEST_GROUP = 20_000;
    private static final int HIGHEST_VERSION = 1000;
    private static final int HTTPS = 443;

    @Override
    public @Nullable String checkName(String name) {
        return NameFormat.pathSegment(name).orElse(null);
    }

    @Override
    public void applyDefaults(KubeObject apiService) {
        if (apiService.at("spec", "service") instanceof ObjectNode service) {
            Tree.orElse(service, "port", HTTPS);
        }
    }

    @Override
    public void validateCreate(KubeObject apiService, List<FieldError> errors) {
        JsonNode spec = apiService.at("spec");
        String group = Tree.text(spec, "group");
        String version = Tree.text(spec, "version");
        String required = version + "." + group;
        if (!apiService.name().equals(required)) {
            errors.add(FieldError.invalid(
                    "metadata.name",
                    apiService.name(),
                    "must be `spec.version+\".\"+spec.group`: \"" + required + "\""));
        }
        if (group.isEmpty() && !version.equals("v1")) {
            errors.add(
                    FieldError.required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
        }
        priority(spec, "groupPriorityMinimum", HIGHEST_GROUP, errors);
        priority(spec, "versionPriority", HIGHEST_VERSION, errors);
        boolean anybody = spec.path("insecureSkipTLSVerify").asBoolean(false);
        boolean bundle = !Tree.text(spec, "caBundle").isEmpty();
        JsonNode service = spec.path("service");
        if (!service.isObject()) {
            if (bundle) {
                errors.add(FieldError.invalid(
                        "spec.caBundle", Tree.text(spec, "caBundle"), "local APIServices may not have a caBundle"));
            }
            if (anybody) {
                errors.add(FieldError.invalid(
                        "spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify"));
            }
            return;
        }
        Check.required(service, "namespace", "spec.service", errors);
        Check.required(service, "name", "spec.service", errors);
        Check.port(service.path("port"), "spec.service.port", errors);
        if (anybody && bundle) {
            errors.add(
                    FieldError.invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present"));
        }
    }

    private static void priority(JsonNode spec, String field, int highest, List<FieldError> errors) {
        long priority = spec.path(field).asLong(0);
        if (priority <= 0 || priority > highest) {
            errors.add(FieldError.invalid("spec." + field, priority, "must be positive and less than " + highest));
        }
    }

    @Override
    public void validateUpdate(KubeObject apiService, KubeObject old, List<FieldError> errors) {
        validateCreate(apiService, errors);
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
