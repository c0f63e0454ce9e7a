package io.mokube.client.rest;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads kubeconfig files. */
final class Kubeconfig {

    private static final YAMLMapper YAML = YAMLMapper.builder().build();

    private final Path file;

    private Kubeconfig(Path file) {
        this.file = file;
    }

    static ClientConfig read(Path file) {
        return new Kubeconfig(file).read();
    }

    private ClientConfig read() {
        JsonNode root;
        try {
            root = YAML.readTree(Files.readString(file));
        } catch (IOException e) {
            throw new IllegalArgumentException("kubeconfig " + file + " can't be read: " + e.getMessage(), e);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("kubeconfig " + file + " is no YAML: " + e.getOriginalMessage(), e);
        }
        JsonNode context =
                named(root, "contexts", "context", root.path("current-context").asString(""));
        JsonNode cluster =
                named(root, "clusters", "cluster", context.path("cluster").asString(""));
        JsonNode user = named(root, "users", "user", context.path("user").asString(""));
        String token = user.path("token").asString("");
        if (token.isEmpty() && user.has("tokenFile")) {
            token = fileText(user.path("tokenFile").asString("")).strip();
        }
        return new ClientConfig(
                URI.create(cluster.path("server").asString("")),
                text(cluster, "certificate-authority"),
                text(user, "client-certificate"),
                text(user, "client-key"),
                token.isEmpty() ? null : token,
                "mokube");
    }

    private JsonNode named(JsonNode root, String list, String field, String name) {
        for (JsonNode entry : root.path(list)) {
            if (entry.path("name").asString("").equals(name)) {
                return entry.path(field);
            }
        }
        throw new IllegalArgumentException("kubeconfig " + file + " has no " + field + " named \"" + name + "\"");
    }

    /** PEM text that stands in the file in base64, or in a file of its own. */
    private @Nullable String text(JsonNode node, String field) {
        String data = node.path(field + "-data").asString("");
        if (!data.isEmpty()) {
            try {
                return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("kubeconfig " + file + ": " + field + "-data is not base64", e);
            }
        }
        return node.has(field) ? fileText(node.path(field).asString("")) : null;
    }

    private String fileText(String name) {
        Path path = file.toAbsolutePath().resolveSibling(name);
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new IllegalArgumentException("kubeconfig " + file + " names " + path + ", which can't be read", e);
        }
    }
}
