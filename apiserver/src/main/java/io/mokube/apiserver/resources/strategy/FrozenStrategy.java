package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Resources of which some fields, named by their paths, never change, and whose changes nobody counts. */
class FrozenStrategy extends SpecStatusStrategy {

    private final List<String> fields;

    FrozenStrategy(String... fields) {
        this.fields = List.of(fields);
    }

    @Override
    public void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {
        validateCreate(object, errors);
        for (String path : fields) {
            String[] names = path.split("\\.");
            JsonNode now = object.at(names);
            if (!Tree.same(now, old.at(names))) {
                errors.add(FieldError.invalid(path, Check.show(now), "field is immutable"));
            }
        }
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
