package io.mokube.apiserver.authz;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What objects of its namespace a pod can't run without. */
public final class PodReferences {

    private static final List<String> CONTAINERS = List.of("containers", "initContainers", "ephemeralContainers");

    /** The fields below a volume's driver that name a secret. */
    private static final List<String> SECRET_FIELDS = List.of(
            "secretRef",
            "nodePublishSecretRef",
            "nodeStageSecretRef",
            "controllerExpandSecretRef",
            "controllerPublishSecretRef",
            "nodeExpandSecretRef");

    private PodReferences() {}

    static boolean hasSecret(KubeObject pod, String name) {
        JsonNode spec = pod.at("spec");
        for (JsonNode each : spec.path("imagePullSecrets")) {
            if (isNamed(each, "name", name)) {
                return true;
            }
        }
        for (JsonNode volume : spec.path("volumes")) {
            if (isNamed(volume.path("secret"), "secretName", name)
                    || isNamed(volume.path("azureFile"), "secretName", name)
                    || isProjected(volume, "secret", name)) {
                return true;
            }
            for (JsonNode driver : volume) {
                if (SECRET_FIELDS.stream().anyMatch(field -> isNamed(driver.path(field), "name", name))) {
                    return true;
                }
            }
        }
        return isInEnvironment(spec, "secretKeyRef", "secretRef", name);
    }

    static boolean hasConfigMap(KubeObject pod, String name) {
        JsonNode spec = pod.at("spec");
        for (JsonNode volume : spec.path("volumes")) {
            if (isNamed(volume.path("configMap"), "name", name) || isProjected(volume, "configMap", name)) {
                return true;
            }
        }
        return isInEnvironment(spec, "configMapKeyRef", "configMapRef", name);
    }

    static boolean hasClaim(KubeObject pod, String name) {
        for (JsonNode volume : pod.at("spec", "volumes")) {
            boolean isEphemeral = volume.path("ephemeral").isObject()
                    && name.equals(pod.name() + "-" + volume.path("name").asString(""));
            if (isEphemeral || isNamed(volume.path("persistentVolumeClaim"), "claimName", name)) {
                return true;
            }
        }
        return false;
    }

    static boolean hasDeviceClaim(KubeObject pod, String name) {
        for (JsonNode claim : pod.at("spec", "resourceClaims")) {
            if (isNamed(claim, "resourceClaimName", name)) {
                return true;
            }
        }
        for (JsonNode made : pod.at("status", "resourceClaimStatuses")) {
            if (isNamed(made, "resourceClaimName", name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the driver of a persistent volume needs a secret. */
    static boolean hasSecretOfVolume(KubeObject volume, ObjectKey secret) {
        String home = volume.at("spec", "claimRef", "namespace").asString("");
        for (JsonNode driver : volume.at("spec")) {
            for (String field : SECRET_FIELDS) {
                JsonNode reference = driver.path(field);
                if (isNamed(reference, "name", secret.name())
                        && reference.path("namespace").asString(home).equals(secret.namespace())) {
                    return true;
                }
            }
            if (isNamed(driver, "secretName", secret.name())
                    && driver.path("secretNamespace").asString(home).equals(secret.namespace())) {
                return true;
            }
        }
        return false;
    }

    /** Whether the pod refers to anything that only others may let it see. */
    public static boolean hasAny(KubeObject pod) {
        JsonNode spec = pod.at("spec");
        for (JsonNode volume : spec.path("volumes")) {
            if (volume.has("secret")
                    || volume.has("configMap")
                    || volume.has("persistentVolumeClaim")
                    || volume.has("ephemeral")
                    || volume.has("projected")) {
                return true;
            }
        }
        for (String list : CONTAINERS) {
            for (JsonNode container : spec.path(list)) {
                if (!container.path("envFrom").isEmpty()) {
                    return true;
                }
                for (JsonNode variable : container.path("env")) {
                    JsonNode from = variable.path("valueFrom");
                    if (from.has("secretKeyRef") || from.has("configMapKeyRef")) {
                        return true;
                    }
                }
            }
        }
        return !spec.path("imagePullSecrets").isEmpty()
                || !spec.path("resourceClaims").isEmpty();
    }

    private static boolean isProjected(JsonNode volume, String source, String name) {
        for (JsonNode each : volume.path("projected").path("sources")) {
            if (isNamed(each.path(source), "name", name)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isInEnvironment(JsonNode spec, String keyReference, String reference, String name) {
        for (String list : CONTAINERS) {
            for (JsonNode container : spec.path(list)) {
                for (JsonNode variable : container.path("env")) {
                    if (isNamed(variable.path("valueFrom").path(keyReference), "name", name)) {
                        return true;
                    }
                }
                for (JsonNode source : container.path("envFrom")) {
                    if (isNamed(source.path(reference), "name", name)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private static boolean isNamed(JsonNode node, String field, String name) {
        return node.path(field).asString("").equals(name);
    }
}
