package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Events, which the store forgets after an hour. */
final class EventStrategy implements ResourceStrategy {

    private static final Duration LIFE = Duration.ofHours(1);

    @Override
    public void validateCreate(KubeObject event, List<FieldError> errors) {
        String involved = Tree.text(event.at("involvedObject"), "namespace");
        // Events about cluster-scoped objects live in the default namespace.
        boolean matches = involved.isEmpty()
                ? List.of("", "default", "kube-system").contains(event.namespace())
                : involved.equals(event.namespace());
        if (!matches) {
            errors.add(FieldError.invalid("involvedObject.namespace", involved, "does not match event.namespace"));
        }
    }

    @Override
    public void validateUpdate(KubeObject event, KubeObject old, List<FieldError> errors) {
        validateCreate(event, errors);
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        Map<String, Function<KubeObject, String>> fields = new LinkedHashMap<>();
        for (String field : List.of("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")) {
            fields.put("involvedObject." + field, event -> Tree.text(event.at("involvedObject"), field));
        }
        fields.put("reason", event -> Tree.text(event.root(), "reason"));
        fields.put("reportingComponent", event -> Tree.text(event.root(), "reportingComponent"));
        fields.put("source", EventStrategy::source);
        fields.put("type", event -> Tree.text(event.root(), "type"));
        return fields;
    }

    private static String source(KubeObject event) {
        String component = Tree.text(event.at("source"), "component");
        return component.isEmpty() ? Tree.text(event.root(), "reportingComponent") : component;
    }

    @Override
    public Duration timeToLive(KubeObject event) {
        return LIFE;
    }

    @Override
    public boolean allowsCreateOnUpdate() {
        return true;
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
