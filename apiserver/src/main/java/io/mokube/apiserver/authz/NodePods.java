package io.mokube.apiserver.authz;

import io.mokube.apiserver.cache.CacheObserver;
import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.SortedObjects;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Which pods are bound to which node, and with them what the node needs to run them.
 *
 * <p>Only the pods themselves are kept: what a pod refers to is read out of it when a node asks, which is seldom beside how
 * often pods change. A look for the name in the pod's bytes comes first, so that few pods are parsed.
 */
public final class NodePods {

    private static final GroupResource PODS = new GroupResource("", "pods");
    private static final GroupResource VOLUMES = new GroupResource("", "persistentvolumes");
    private static final GroupResource ATTACHMENTS = new GroupResource("storage.k8s.io", "volumeattachments");
    private static final String NODE_NAME = "spec.nodeName";
    private static final String MIRROR = "kubernetes.io/config.mirror";

    private final WatchCache cache;
    private final Map<String, Map<String, StoredObject>> podsByNode = new ConcurrentHashMap<>();

    private NodePods(WatchCache cache) {
        this.cache = cache;
    }

    /** Begins to follow the cache. */
    public static NodePods of(WatchCache cache) {
        NodePods pods = new NodePods(cache);
        cache.observe(PODS, pods.new Observer());
        return pods;
    }

    private final class Observer implements CacheObserver {

        @Override
        public void reset(SortedObjects objects) {
            podsByNode.clear();
            objects.scan("", pod -> {
                changed(null, pod);
                return true;
            });
        }

        @Override
        public void changed(@Nullable CachedObject before, @Nullable CachedObject after) {
            String was = node(before);
            String is = node(after);
            if (before != null && !was.isEmpty() && !was.equals(is)) {
                podsByNode.computeIfPresent(was, (node, pods) -> {
                    pods.remove(before.key());
                    return pods.isEmpty() ? null : pods;
                });
            }
            if (after != null && !is.isEmpty()) {
                // In one step with the removal above, so that no pod lands in a map that was just dropped.
                podsByNode.compute(is, (node, present) -> {
                    Map<String, StoredObject> pods = present == null ? new ConcurrentHashMap<>(4) : present;
                    pods.put(after.key(), after.object());
                    return pods;
                });
            }
        }

        private static String node(@Nullable CachedObject pod) {
            String node = pod == null ? null : pod.fields().get(NODE_NAME);
            return node == null ? "" : node;
        }
    }

    /** Whether a pod is bound to this node. */
    boolean isBound(String node, ObjectKey pod) {
        return podsByNode.getOrDefault(node, Map.of()).containsKey(pod.toString());
    }

    /** Whether a pod of this node needs a secret. */
    boolean needsSecret(String node, ObjectKey secret) {
        return isNeeded(node, secret, pod -> PodReferences.hasSecret(pod, secret.name()))
                || isSecretOfVolume(node, secret);
    }

    /** Whether a pod of this node needs a config map. */
    boolean needsConfigMap(String node, ObjectKey map) {
        return isNeeded(node, map, pod -> PodReferences.hasConfigMap(pod, map.name()));
    }

    /** Whether a pod of this node needs a volume claim. */
    boolean needsClaim(String node, ObjectKey claim) {
        // The claim of an ephemeral volume is named after pod and volume, so its name stands nowhere in the pod.
        return isNeededAnyhow(node, claim.namespace(), pod -> PodReferences.hasClaim(pod, claim.name()));
    }

    /** Whether a pod of this node needs a device claim. */
    boolean needsDeviceClaim(String node, ObjectKey claim) {
        return isNeeded(node, claim, pod -> PodReferences.hasDeviceClaim(pod, claim.name()));
    }

    /** Whether a pod of this node runs as a service account. */
    boolean needsAccount(String node, ObjectKey account) {
        return isNeeded(
                node,
                account,
                pod -> pod.at("spec", "serviceAccountName").asString("").equals(account.name()));
    }

    /** Whether a pod of this node uses a persistent volume, by its claim. */
    boolean needsVolume(String node, String volume) {
        CachedObject found = cache.get(VOLUMES, new ObjectKey("", volume));
        if (found == null) {
            return false;
        }
        JsonNode claim = KubeObject.parse(found.object().value()).at("spec", "claimRef");
        return needsClaim(
                node,
                new ObjectKey(
                        claim.path("namespace").asString(""), claim.path("name").asString("")));
    }

    /** Whether a volume attachment is about this node. */
    boolean needsAttachment(String node, String attachment) {
        CachedObject found = cache.get(ATTACHMENTS, new ObjectKey("", attachment));
        return found != null
                && KubeObject.parse(found.object().value())
                        .at("spec", "nodeName")
                        .asString("")
                        .equals(node);
    }

    /** Drivers keep their credentials in secrets that the volume names. */
    private boolean isSecretOfVolume(String node, ObjectKey secret) {
        boolean[] found = {false};
        byte[] name = secret.name().getBytes(StandardCharsets.UTF_8);
        cache.list(VOLUMES).objects().scan("", volume -> {
            if (contains(volume.object().value(), name)) {
                KubeObject object = KubeObject.parse(volume.object().value());
                found[0] = PodReferences.hasSecretOfVolume(object, secret) && needsVolume(node, object.name());
            }
            return !found[0];
        });
        return found[0];
    }

    private boolean isNeeded(String node, ObjectKey wanted, Predicate<KubeObject> needs) {
        byte[] name = wanted.name().getBytes(StandardCharsets.UTF_8);
        return anyPod(node, wanted.namespace(), pod -> contains(pod, name), needs);
    }

    private boolean isNeededAnyhow(String node, String namespace, Predicate<KubeObject> needs) {
        return anyPod(node, namespace, pod -> true, needs);
    }

    private boolean anyPod(String node, String namespace, Predicate<byte[]> perhaps, Predicate<KubeObject> needs) {
        String prefix = namespace + "/";
        for (Map.Entry<String, StoredObject> each :
                podsByNode.getOrDefault(node, Map.of()).entrySet()) {
            byte[] bytes = each.getValue().value();
            if (each.getKey().startsWith(prefix) && perhaps.test(bytes)) {
                KubeObject pod = KubeObject.parse(bytes);
                // A node makes its mirror pods itself: they must not open anything for it.
                if (!pod.annotations().containsKey(MIRROR) && needs.test(pod)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean contains(byte[] text, byte[] part) {
        int last = text.length - part.length;
        for (int at = 0; at <= last; at++) {
            if (text[at] == part[0] && startsWith(text, at, part)) {
                return true;
            }
        }
        return false;
    }

    private static boolean startsWith(byte[] text, int at, byte[] part) {
        for (int i = 1; i < part.length; i++) {
            if (text[at + i] != part[i]) {
                return false;
            }
        }
        return true;
    }
}
