package io.mokube.kubelet.staticpods;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.machinery.object.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Pods as files describe them, and as the API server is to show them. Pure. */
final class StaticPods {

    private static final YAMLMapper YAML = YAMLMapper.builder().build();
    private static final String DEFAULT_NAMESPACE = "default";

    private StaticPods() {}

    /**
     * The pod in a file of JSON or YAML, as the node runs it: named after the node too, with a UID made from what the file
     * says, and staying whatever the node's taints are.
     *
     * @param path of the file: two files with the same content are two pods
     * @throws IllegalArgumentException when the file holds no pod, or one that can't be static, in words for the user
     */
    static Pod parse(String path, byte[] content, String nodeName) {
        Pod pod;
        try {
            // JSON is YAML, too.
            JsonNode tree = YAML.readTree(content);
            if (!tree.path("kind").asString("").equals("Pod")
                    || !tree.path("apiVersion").asString("").equals("v1")) {
                throw new IllegalArgumentException("expected a Pod of version v1");
            }
            pod = Json.MAPPER.treeToValue(tree, Pod.class);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("couldn't parse as pod: " + e.getOriginalMessage(), e);
        }
        if (pod.getMetadata() == null
                || pod.getMetadata().getName() == null
                || pod.getSpec() == null
                || pod.getSpec().getContainers().isEmpty()) {
            throw new IllegalArgumentException("a pod needs a name and containers");
        }
        refuseReferences(pod);
        String hash = hash(nodeName, path, content);
        String namespace =
                Objects.requireNonNullElse(pod.getMetadata().getNamespace(), "").isEmpty()
                        ? DEFAULT_NAMESPACE
                        : pod.getMetadata().getNamespace();
        Pod made = new PodBuilder(pod)
                .editMetadata()
                .withName(pod.getMetadata().getName() + "-" + nodeName.toLowerCase(Locale.ROOT))
                .withNamespace(namespace)
                .withUid(hash)
                .addToAnnotations(PodFacts.CONFIG_HASH, hash)
                .addToAnnotations(PodFacts.CONFIG_SOURCE, "file")
                .endMetadata()
                .editSpec()
                .withNodeName(nodeName)
                .addToTolerations(new TolerationBuilder()
                        .withOperator("Exists")
                        .withEffect("NoExecute")
                        .build())
                .endSpec()
                .withStatus(new PodStatusBuilder().withPhase("Pending").build())
                .build();
        made.getSpec().getContainers().forEach(StaticPods::setDefaults);
        made.getSpec().getInitContainers().forEach(StaticPods::setDefaults);
        return made;
    }

    private static void setDefaults(Container container) {
        if (container.getImagePullPolicy() == null) {
            String image = Objects.requireNonNullElse(container.getImage(), "");
            String name = image.substring(image.lastIndexOf('/') + 1);
            container.setImagePullPolicy(
                    name.endsWith(":latest") || !(name.contains(":") || name.contains("@"))
                            ? "Always"
                            : "IfNotPresent");
        }
    }

    /** What runs without an API server can't need anything of it. */
    private static void refuseReferences(Pod pod) {
        if (pod.getSpec().getServiceAccountName() != null || pod.getSpec().getServiceAccount() != null) {
            throw new IllegalArgumentException("static pods may not reference serviceAccounts");
        }
        if (!pod.getSpec().getImagePullSecrets().isEmpty()) {
            throw new IllegalArgumentException("static pods may not reference secrets");
        }
        if (!pod.getSpec().getEphemeralContainers().isEmpty()) {
            throw new IllegalArgumentException("static pods may not have ephemeral containers");
        }
        for (Volume volume : pod.getSpec().getVolumes()) {
            String kind = volume.getSecret() != null
                    ? "secrets"
                    : volume.getConfigMap() != null
                            ? "configmaps"
                            : volume.getProjected() != null
                                    ? "projected volumes"
                                    : volume.getPersistentVolumeClaim() != null || volume.getEphemeral() != null
                                            ? "persistentvolumeclaims"
                                            : "";
            if (!kind.isEmpty()) {
                throw new IllegalArgumentException("static pods may not reference " + kind);
            }
        }
        for (Container container : pod.getSpec().getContainers()) {
            boolean references = !container.getEnvFrom().isEmpty()
                    || container.getEnv().stream()
                            .anyMatch(variable -> variable.getValueFrom() != null
                                    && (variable.getValueFrom().getConfigMapKeyRef() != null
                                            || variable.getValueFrom().getSecretKeyRef() != null));
            if (references) {
                throw new IllegalArgumentException("static pods may not reference configmaps or secrets");
            }
        }
    }

    private static String hash(String nodeName, String path, byte[] content) {
        try {
            // Names a pod, and guards nothing; as long as the kubelet's.
            MessageDigest digest = MessageDigest.getInstance("MD5");
            digest.update(("host:" + nodeName + "\nfile:" + path + "\n").getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The object that shows a static pod at the API server. */
    static Pod mirror(Pod pod, Node node) {
        return new PodBuilder(pod)
                .editMetadata()
                .withUid(null)
                .addToAnnotations(
                        PodFacts.CONFIG_MIRROR,
                        pod.getMetadata().getAnnotations().get(PodFacts.CONFIG_HASH))
                .withOwnerReferences(new OwnerReferenceBuilder()
                        .withApiVersion("v1")
                        .withKind("Node")
                        .withName(node.getMetadata().getName())
                        .withUid(node.getMetadata().getUid())
                        .withController(true)
                        .build())
                .endMetadata()
                .withStatus(null)
                .build();
    }

    /** Whether an object shows this static pod as it is. */
    static boolean shows(Pod mirror, Pod pod) {
        return PodFacts.isMirror(mirror)
                && Objects.equals(
                        mirror.getMetadata().getAnnotations().get(PodFacts.CONFIG_MIRROR),
                        pod.getMetadata().getAnnotations().get(PodFacts.CONFIG_HASH));
    }
}
