package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Config maps. */
final class ConfigMapStrategy implements ResourceStrategy {

    @Override
    public void validateCreate(KubeObject map, List<FieldError> errors) {
        long size = 0;
        for (Map.Entry<String, JsonNode> entry : map.at("data").properties()) {
            Check.configKey(entry.getKey(), "data[" + entry.getKey() + "]", errors);
            if (map.at("binaryData").has(entry.getKey())) {
                errors.add(FieldError.invalid(
                        "data[" + entry.getKey() + "]", entry.getKey(), "duplicate of key present in binaryData"));
            }
            size += entry.getValue().asString("").getBytes(StandardCharsets.UTF_8).length;
        }
        for (Map.Entry<String, JsonNode> entry : map.at("binaryData").properties()) {
            Check.configKey(entry.getKey(), "binaryData[" + entry.getKey() + "]", errors);
            size += Base64.getMimeDecoder().decode(entry.getValue().asString("")).length;
        }
        if (size > SecretStrategy.MAX_BYTES) {
            // The field without a name reads so.
            errors.add(FieldError.tooLong("[]", SecretStrategy.MAX_BYTES));
        }
    }

    @Override
    public void validateUpdate(KubeObject map, KubeObject old, List<FieldError> errors) {
        validateCreate(map, errors);
        ImmutableData.check(map, old, List.of("data", "binaryData"), errors);
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
