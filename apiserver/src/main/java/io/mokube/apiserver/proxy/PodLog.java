package io.mokube.apiserver.proxy;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.proxy.KubeletClient.KubeletAnswer;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.apiserver.verbs.Verb;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** GET of a container's log, from the kubelet of the pod's node. */
public final class PodLog implements Verb {

    private static final GroupResource NODES = new GroupResource("", "nodes");

    private static final List<String> PASSED_ON = List.of(
            "follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes", "stream");

    /** A kubelet's error is a sentence, not a log. */
    private static final int LONGEST_ERROR_BYTES = 64 * 1024;

    private final Backend backend;
    private final KubeletClient kubelets;

    public PodLog(Backend backend, KubeletClient kubelets) {
        this.backend = backend;
        this.kubelets = kubelets;
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        String name = request.info().name();
        ObjectKey key = new ObjectKey(request.info().namespace(), name);
        StoredObject stored = backend.objects().get(served.definition(), key);
        if (stored == null) {
            throw ApiException.notFound(served.definition().groupResource(), name);
        }
        KubeObject pod = stored.parse();
        String container = container(pod, request.query().text("container"));
        String nodeName = pod.at("spec", "nodeName").asString("");
        if (nodeName.isEmpty()) {
            // Kubernetes answers a log that can't be there yet with an empty one.
            return new Answer.Bytes(200, "text/plain", new byte[0]);
        }
        StoredObject node =
                backend.objects().get(backend.resources().find(NODES).orElseThrow(), new ObjectKey("", nodeName));
        if (node == null) {
            throw ApiException.notFound(NODES, nodeName);
        }
        KubeletAnswer answer = kubelets.get(
                node.parse(),
                "/containerLogs/" + key.namespace() + "/" + name + "/" + container + query(request.query()));
        if (answer.code() != 200) {
            throw refused(answer);
        }
        boolean follow = request.query().flag("follow").orElse(false);
        return new Answer.Stream(200, "text/plain", out -> {
            try (InputStream in = answer.body()) {
                byte[] buffer = new byte[16 * 1024];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    out.write(buffer, 0, read);
                    if (follow) {
                        out.flush();
                    }
                }
            }
        });
    }

    private static ApiException refused(KubeletAnswer answer) {
        try (InputStream in = answer.body()) {
            String sentence = new String(in.readNBytes(LONGEST_ERROR_BYTES), StandardCharsets.UTF_8).strip();
            return answer.code() >= 400 && answer.code() < 500
                    ? ApiException.badRequest(sentence)
                    : ApiException.internal(sentence);
        } catch (IOException e) {
            return ApiException.internal("the kubelet answered " + answer.code());
        }
    }

    private static String query(Query query) {
        StringBuilder text = new StringBuilder();
        for (String name : PASSED_ON) {
            String value = query.text(name);
            if (!value.isEmpty()) {
                text.append(text.isEmpty() ? "?" : "&")
                        .append(name)
                        .append('=')
                        .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
            }
        }
        return text.toString();
    }

    /** The container asked for, or the only one. */
    private static String container(KubeObject pod, String asked) {
        List<String> containers = names(pod, "containers");
        List<String> initial = names(pod, "initContainers");
        List<String> ephemeral = names(pod, "ephemeralContainers");
        if (!asked.isEmpty()) {
            if (containers.contains(asked) || initial.contains(asked) || ephemeral.contains(asked)) {
                return asked;
            }
            throw ApiException.badRequest("container " + asked + " is not valid for pod " + pod.name());
        }
        if (containers.size() == 1) {
            return containers.getFirst();
        }
        StringBuilder message = new StringBuilder("a container name must be specified for pod " + pod.name()
                + ", choose one of: [" + String.join(" ", containers) + "]");
        if (!initial.isEmpty()) {
            message.append(" or one of the init containers: [")
                    .append(String.join(" ", initial))
                    .append(']');
        }
        if (!ephemeral.isEmpty()) {
            message.append(" or one of the ephemeral containers: [")
                    .append(String.join(" ", ephemeral))
                    .append(']');
        }
        throw ApiException.badRequest(message.toString());
    }

    private static List<String> names(KubeObject pod, String field) {
        List<String> names = new ArrayList<>();
        for (JsonNode container : pod.at("spec", field)) {
            names.add(container.path("name").asString(""));
        }
        return names;
    }
}
