package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;

/** Controller revisions, whose data never changes. */
final class ControllerRevisionStrategy extends FrozenStrategy {

    ControllerRevisionStrategy() {
        super("data");
    }

    @Override
    public void validateCreate(KubeObject revision, List<FieldError> errors) {
        if (!revision.root().has("data")) {
            errors.add(FieldError.required("data", "data is mandatory"));
        }
        long number = revision.at("revision").asLong(0);
        if (number < 0) {
            errors.add(FieldError.invalid("revision", number, "must be greater than or equal to 0"));
        }
    }
}
