package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Secrets: {@code stringData} is a way to write {@code data} and is never stored. */
final class SecretStrategy implements ResourceStrategy {

    static final int MAX_BYTES = 1024 * 1024;

    @Override
    public void applyDefaults(KubeObject secret) {
        ObjectNode root = secret.root();
        Tree.orElse(root, "type", "Opaque");
        JsonNode plain = root.remove("stringData");
        if (plain instanceof ObjectNode) {
            ObjectNode data = Tree.child(root, "data");
            Tree.texts(plain)
                    .forEach((key, value) ->
                            data.put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        }
    }

    @Override
    public void validateCreate(KubeObject secret, List<FieldError> errors) {
        long size = 0;
        JsonNode data = secret.at("data");
        for (Map.Entry<String, JsonNode> entry : data.properties()) {
            Check.configKey(entry.getKey(), "data[" + entry.getKey() + "]", errors);
            size += decode(entry.getValue()).length;
        }
        if (size > MAX_BYTES) {
            errors.add(FieldError.tooLong("data", MAX_BYTES));
        }
        switch (Tree.text(secret.root(), "type")) {
            case "kubernetes.io/service-account-token" -> {
                if (secret.annotations()
                        .getOrDefault("kubernetes.io/service-account.name", "")
                        .isEmpty()) {
                    errors.add(FieldError.required("metadata.annotations[kubernetes.io/service-account.name]", ""));
                }
            }
            case "kubernetes.io/dockercfg" -> requireJson(data, ".dockercfg", errors);
            case "kubernetes.io/dockerconfigjson" -> requireJson(data, ".dockerconfigjson", errors);
            case "kubernetes.io/ssh-auth" -> require(data, "ssh-privatekey", errors);
            case "kubernetes.io/tls" -> {
                require(data, "tls.crt", errors);
                require(data, "tls.key", errors);
            }
            case "kubernetes.io/basic-auth" -> {
                if (!data.has("username") && !data.has("password")) {
                    require(data, "username", errors);
                    require(data, "password", errors);
                }
            }
            default -> {}
        }
    }

    private static void require(JsonNode data, String key, List<FieldError> errors) {
        if (!data.has(key)) {
            errors.add(FieldError.required("data[" + key + "]", ""));
        }
    }

    private static void requireJson(JsonNode data, String key, List<FieldError> errors) {
        if (!data.has(key)) {
            require(data, key, errors);
            return;
        }
        try {
            KubeObject.parse(decode(data.path(key)));
        } catch (JacksonException e) {
            errors.add(FieldError.invalid("data[" + key + "]", "<secret contents redacted>", "is not a JSON object"));
        }
    }

    private static byte[] decode(JsonNode value) {
        return Base64.getMimeDecoder().decode(value.asString(""));
    }

    @Override
    public void validateUpdate(KubeObject secret, KubeObject old, List<FieldError> errors) {
        validateCreate(secret, errors);
        Check.immutable(secret.root(), old.root(), "type", "type", errors);
        ImmutableData.check(secret, old, List.of("data"), errors);
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of("type", secret -> Tree.text(secret.root(), "type"));
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
