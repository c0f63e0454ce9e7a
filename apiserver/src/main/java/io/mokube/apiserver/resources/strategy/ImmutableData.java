package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;

/** Config maps and secrets whose owner gave up changing them: {@code immutable: true} is for good. */
final class ImmutableData {

    private ImmutableData() {}

    static void check(KubeObject object, KubeObject old, List<String> fields, List<FieldError> errors) {
        if (!old.at("immutable").asBoolean(false)) {
            return;
        }
        if (!object.at("immutable").asBoolean(false)) {
            errors.add(FieldError.forbidden("immutable", "field is immutable when `immutable` is set"));
        }
        for (String field : fields) {
            if (!Tree.sameField(object.root(), old.root(), field)) {
                errors.add(FieldError.forbidden(field, "field is immutable when `immutable` is set"));
            }
        }
    }
}
