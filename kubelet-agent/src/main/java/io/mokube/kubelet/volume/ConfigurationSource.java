package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSIDriverSpec;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.PatchKind;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The config maps, secrets, claims and tokens that pods use, read from the API server when they are needed. */
public final class ConfigurationSource implements ClaimSource {

    private final ApiClient client;

    public ConfigurationSource(ApiClient client) {
        this.client = client;
    }

    /** The entries of a config map, text and binary; empty when there is no such config map. */
    public Optional<Map<String, byte[]>> configMap(String namespace, String name) {
        return client.resource(ConfigMap.class).get(namespace, name).map(map -> {
            Map<String, byte[]> entries = new TreeMap<>();
            if (map.getData() != null) {
                map.getData().forEach((key, value) -> entries.put(key, value.getBytes(StandardCharsets.UTF_8)));
            }
            if (map.getBinaryData() != null) {
                map.getBinaryData().forEach((key, value) -> entries.put(key, decode(value)));
            }
            return entries;
        });
    }

    /** The entries of a secret; empty when there is no such secret. */
    public Optional<Map<String, byte[]>> secret(String namespace, String name) {
        return secretObject(namespace, name).map(ConfigurationSource::entries);
    }

    /** A secret; empty when there is none of that name. */
    public Optional<Secret> secretObject(String namespace, String name) {
        return client.resource(Secret.class).get(namespace, name);
    }

    /** What stands in a secret. */
    public static Map<String, byte[]> entries(Secret secret) {
        Map<String, byte[]> entries = new TreeMap<>();
        if (secret.getData() != null) {
            secret.getData().forEach((key, value) -> entries.put(key, decode(value)));
        }
        return entries;
    }

    /** The type of a secret, such as {@code kubernetes.io/dockerconfigjson}. */
    public Optional<String> secretType(String namespace, String name) {
        return client.resource(Secret.class).get(namespace, name).map(Secret::getType);
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
        return client.resource(PersistentVolumeClaim.class).get(namespace, name);
    }

    @Override
    public Optional<PersistentVolume> volume(String name) {
        return client.resource(PersistentVolume.class).get(new ObjectKey("", name));
    }

    @Override
    public void expanded(PersistentVolumeClaim claim, Quantity size) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode status = patch.putObject("status");
        status.putObject("capacity").put("storage", size.toString());
        status.putArray("conditions").addObject().put("$patch", "delete").put("type", "FileSystemResizePending");
        client.resource(PersistentVolumeClaim.class)
                .patch(
                        new ObjectKey(
                                claim.getMetadata().getNamespace(),
                                claim.getMetadata().getName()),
                        PatchKind.STRATEGIC,
                        patch,
                        "status");
    }

    /** What the cluster knows of a driver's wishes; empty when nothing is. */
    public Optional<CSIDriverSpec> csiDriver(String name) {
        return client.resource(CSIDriver.class).get("", name).map(CSIDriver::getSpec);
    }

    /** Says in the status of a node which attached volumes it uses. */
    public void volumesInUse(String node, List<String> names) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ArrayNode list = patch.putObject("status").putArray("volumesInUse");
        names.forEach(list::add);
        client.resource(Node.class).patch(new ObjectKey("", node), PatchKind.MERGE, patch, "status");
    }

    /** A volume's attachment; empty as long as there is none, which nodes may not be told. */
    public Optional<VolumeAttachment> attachment(String name) {
        try {
            return client.resource(VolumeAttachment.class).get("", name);
        } catch (ApiException e) {
            if (e.code() == HttpURLConnection.HTTP_FORBIDDEN) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static byte[] decode(String base64) {
        return Base64.getDecoder().decode(base64);
    }

    /** A token and when to ask for the next. */
    public record Token(String value, Instant expiresAt) {}

    /** A token of the pod's service account, valid as long as the pod is there. An empty audience means the API server. */
    public Token token(Pod pod, String audience, Duration lifetime) {
        String namespace = pod.getMetadata().getNamespace();
        String account = pod.getSpec().getServiceAccountName();
        ObjectNode request = Json.MAPPER.createObjectNode();
        request.put("apiVersion", "authentication.k8s.io/v1");
        request.put("kind", "TokenRequest");
        ObjectNode spec = request.putObject("spec");
        if (!audience.isEmpty()) {
            spec.putArray("audiences").add(audience);
        }
        spec.put("expirationSeconds", lifetime.toSeconds());
        ObjectNode bound = spec.putObject("boundObjectRef");
        bound.put("kind", "Pod");
        bound.put("apiVersion", "v1");
        bound.put("name", pod.getMetadata().getName());
        bound.put("uid", pod.getMetadata().getUid());
        JsonNode answer = client.resource(io.fabric8.kubernetes.api.model.ServiceAccount.class)
                .createSubresource(
                        new ObjectKey(namespace, account == null || account.isEmpty() ? "default" : account),
                        "token",
                        request);
        JsonNode status = answer.path("status");
        return new Token(
                status.path("token").asString(""),
                Instant.parse(status.path("expirationTimestamp").asString("")));
    }
}
