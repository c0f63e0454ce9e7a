package io.mokube.apiserver.proxy;

import io.mokube.apiserver.proxy.KubeletClient.KubeletAnswer;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.apiserver.verbs.Verb;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** GET of a container's log, from the kubelet of the pod's node. */
public final class PodLog implements Verb {

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
        PodLocation location = PodLocation.of(backend, request, served);
        KubeObject pod = location.pod();
        String container = location.container(request.query().text("container"));
        if (location.nodeName().isEmpty()) {
            // Kubernetes answers a log that can't be there yet with an empty one.
            return new Answer.Bytes(200, "text/plain", new byte[0]);
        }
        KubeletAnswer answer = kubelets.get(
                location.node(backend),
                "/containerLogs/" + pod.namespace() + "/" + pod.name() + "/" + container + query(request.query()));
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
}
