package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every pod runs as a service account of its namespace and finds that account's token, the cluster's CA and its namespace
 * in a volume, unless the pod or the account declines.
 */
public final class ServiceAccount implements AdmissionPlugin {

    private static final GroupResource ACCOUNTS = new GroupResource("", "serviceaccounts");
    private static final GroupResource PODS = new GroupResource("", "pods");
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final String MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
    private static final String VOLUME_PREFIX = "kube-api-access-";
    /** One hour and seven seconds: told apart from a user's own hour when tokens are renewed. */
    private static final int TOKEN_SECONDS = 3607;

    private static final int FILE_MODE = 0644;
    private static final String SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

    private final ClusterReader cluster;
    private final RandomGenerator random;

    public ServiceAccount(ClusterReader cluster, RandomGenerator random) {
        this.cluster = cluster;
        this.random = random;
    }

    @Override
    public String name() {
        return "ServiceAccount";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        KubeObject pod = request.object();
        if (pod == null
                || request.operation() != Operation.CREATE
                || !request.isFor("", "pods")
                || pod.annotations().containsKey(MIRROR)
                || !(pod.root().get("spec") instanceof ObjectNode spec)) {
            return;
        }
        String account = spec.path("serviceAccountName").asString("");
        if (account.isEmpty()) {
            account = "default";
            spec.put("serviceAccountName", account);
        }
        spec.put("serviceAccount", account);
        KubeObject found = find(request, pod, account);
        if (mountsToken(spec, found)) {
            mountToken(spec);
        }
        if (spec.path("imagePullSecrets").isEmpty()
                && found.at("imagePullSecrets") instanceof ArrayNode secrets
                && !secrets.isEmpty()) {
            spec.set("imagePullSecrets", secrets.deepCopy());
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        KubeObject pod = request.object();
        if (pod == null || request.operation() != Operation.CREATE || !request.isFor("", "pods")) {
            return;
        }
        if (pod.annotations().containsKey(MIRROR)) {
            if (!pod.at("spec", "serviceAccountName").asString("").isEmpty()) {
                throw ApiException.forbidden(PODS, request.name(), "a mirror pod may not reference service accounts");
            }
            return;
        }
        find(request, pod, pod.at("spec", "serviceAccountName").asString(""));
    }

    private KubeObject find(AdmissionRequest request, KubeObject pod, String account) {
        ObjectKey key = new ObjectKey(request.namespace(), account);
        return cluster.look(ACCOUNTS, key)
                .or(() -> cluster.getFresh(ACCOUNTS, key))
                .orElseThrow(() -> ApiException.forbidden(
                        PODS,
                        request.name().isEmpty() ? pod.generateName() : request.name(),
                        "error looking up service account " + key + ": serviceaccount \"" + account + "\" not found"));
    }

    /** The pod's own word counts first, then the account's. */
    private static boolean mountsToken(ObjectNode spec, KubeObject account) {
        JsonNode own = spec.path("automountServiceAccountToken");
        return own.isBoolean()
                ? own.booleanValue()
                : account.at("automountServiceAccountToken").asBoolean(true);
    }

    private void mountToken(ObjectNode spec) {
        String volume = "";
        for (JsonNode each : spec.path("volumes")) {
            if (each.path("name").asString("").startsWith(VOLUME_PREFIX)) {
                volume = each.path("name").asString("");
            }
        }
        boolean isNew = volume.isEmpty();
        if (isNew) {
            volume = VOLUME_PREFIX + suffix();
        }
        boolean mounted = false;
        for (String list : List.of("initContainers", "containers")) {
            for (JsonNode container : spec.path(list)) {
                mounted |= container instanceof ObjectNode object && mount(object, volume);
            }
        }
        if (isNew && mounted) {
            spec.withArrayProperty("volumes").add(tokenVolume(volume));
        }
    }

    /** Mounts the token unless the container has something there already. */
    private static boolean mount(ObjectNode container, String volume) {
        for (JsonNode mount : container.path("volumeMounts")) {
            if (mount.path("mountPath").asString("").equals(MOUNT_PATH)) {
                return false;
            }
        }
        container
                .withArrayProperty("volumeMounts")
                .addObject()
                .put("name", volume)
                .put("readOnly", true)
                .put("mountPath", MOUNT_PATH);
        return true;
    }

    private static ObjectNode tokenVolume(String name) {
        ObjectNode volume = Json.MAPPER.createObjectNode();
        volume.put("name", name);
        ObjectNode projected = volume.putObject("projected");
        ArrayNode sources = projected.putArray("sources");
        sources.addObject()
                .putObject("serviceAccountToken")
                .put("expirationSeconds", TOKEN_SECONDS)
                .put("path", "token");
        ObjectNode ca = sources.addObject().putObject("configMap");
        ca.put("name", "kube-root-ca.crt");
        ca.putArray("items").addObject().put("key", "ca.crt").put("path", "ca.crt");
        ObjectNode namespace =
                sources.addObject().putObject("downwardAPI").putArray("items").addObject();
        namespace.put("path", "namespace");
        namespace.putObject("fieldRef").put("apiVersion", "v1").put("fieldPath", "metadata.namespace");
        projected.put("defaultMode", FILE_MODE);
        return volume;
    }

    private String suffix() {
        StringBuilder suffix = new StringBuilder();
        for (int i = 0; i < 5; i++) {
            suffix.append(SUFFIX_LETTERS.charAt(random.nextInt(SUFFIX_LETTERS.length())));
        }
        return suffix.toString();
    }
}
