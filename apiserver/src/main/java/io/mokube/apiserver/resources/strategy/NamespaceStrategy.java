package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Namespaces: they stay until their finalizers, kept in the spec, are gone. */
final class NamespaceStrategy extends SpecStatusStrategy {

    private static final String NAME_LABEL = "kubernetes.io/metadata.name";
    private static final String FINALIZER = "kubernetes";

    @Override
    public void applyDefaults(KubeObject namespace) {
        if (!namespace.name().isEmpty()) {
            Tree.child(namespace.metadata(), "labels").put(NAME_LABEL, namespace.name());
        }
    }

    @Override
    public void prepareForCreate(KubeObject namespace) {
        applyDefaults(namespace);
        ObjectNode spec = Tree.child(namespace.root(), "spec");
        boolean has = false;
        for (JsonNode finalizer : spec.path("finalizers")) {
            has |= finalizer.asString("").equals(FINALIZER);
        }
        if (!has) {
            spec.withArrayProperty("finalizers").add(FINALIZER);
        }
        namespace.root().putObject("status").put("phase", "Active");
    }

    @Override
    public void prepareForUpdate(KubeObject namespace, KubeObject old) {
        keep("spec", namespace, old);
        keep("status", namespace, old);
    }

    @Override
    public void prepareForSubresourceUpdate(String subresource, KubeObject namespace, KubeObject old) {
        switch (subresource) {
            case "status" -> keepAllButStatus(namespace, old);
            case "finalize" -> keep("status", namespace, old);
            default -> {}
        }
    }

    @Override
    public void validateSubresourceUpdate(
            String subresource, KubeObject namespace, KubeObject old, List<FieldError> errors) {
        if (subresource.equals("status")) {
            String phase = Tree.text(namespace.at("status"), "phase");
            String expected = namespace.isBeingDeleted() ? "Terminating" : "Active";
            if (!phase.equals(expected)) {
                errors.add(FieldError.invalid(
                        "status.phase",
                        phase,
                        "may only be '" + expected + "' if `deletionTimestamp` is "
                                + (namespace.isBeingDeleted() ? "not empty" : "empty")));
            }
        }
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of("status.phase", namespace -> Tree.text(namespace.at("status"), "phase"));
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }

    @Override
    public @Nullable String checkName(String name) {
        return NameFormat.dnsLabel(name).orElse(null);
    }
}
