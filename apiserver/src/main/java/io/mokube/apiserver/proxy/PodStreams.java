package io.mokube.apiserver.proxy;

import io.mokube.apiserver.proxy.Upgrader.Outcome;
import io.mokube.apiserver.proxy.Upgrader.Refusal;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.apiserver.verbs.Verb;
import io.mokube.machinery.error.ApiException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * Exec, attach and port-forward: the client's connection is handed through to the kubelet of the pod's node, which speaks
 * the protocols. What a kubelet refuses before that is told as an error of the API.
 */
public final class PodStreams implements Verb {

    private final Backend backend;
    private final KubeletClient kubelets;

    public PodStreams(Backend backend, KubeletClient kubelets) {
        this.backend = backend;
        this.kubelets = kubelets;
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        PodLocation location = PodLocation.of(backend, request, served);
        String pod = location.pod().name();
        String subresource = request.info().subresource();
        String path = subresource.equals("portforward")
                ? "/portForward/" + location.pod().namespace() + "/" + pod
                : "/" + subresource + "/" + location.pod().namespace() + "/" + pod + "/"
                        + location.container(request.query().text("container"));
        if (location.nodeName().isEmpty()) {
            throw ApiException.badRequest("pod " + pod + " does not have a host assigned");
        }
        if (request.raw().upgrade().isEmpty()) {
            throw ApiException.badRequest("Upgrade request required");
        }
        Outcome outcome =
                kubelets.upgrade(location.node(backend), request.raw(), path + query(subresource, request.query()));
        Refusal refusal = outcome.refusal();
        if (refusal != null) {
            throw refused(refusal);
        }
        return Objects.requireNonNull(outcome.upgraded());
    }

    private static ApiException refused(Refusal refusal) {
        String sentence = "unable to upgrade connection: " + refusal.text();
        return switch (refusal.code()) {
            case 400, 403 -> ApiException.badRequest(sentence);
            case 503 -> ApiException.unavailable(sentence);
            default -> ApiException.internal(sentence);
        };
    }

    /** The options in the words of kubelets. */
    static String query(String subresource, Query query) {
        StringBuilder text = new StringBuilder();
        if (subresource.equals("portforward")) {
            List<String> ports = query.all("ports");
            if (!ports.isEmpty()) {
                append(text, "port", String.join(",", ports));
            }
            return text.toString();
        }
        appendFlag(text, "input", query, "stdin");
        appendFlag(text, "output", query, "stdout");
        appendFlag(text, "error", query, "stderr");
        appendFlag(text, "tty", query, "tty");
        if (subresource.equals("exec")) {
            query.all("command").forEach(word -> append(text, "command", word));
        }
        return text.toString();
    }

    private static void appendFlag(StringBuilder text, String name, Query query, String option) {
        if (query.flag(option).orElse(false)) {
            append(text, name, "1");
        }
    }

    private static void append(StringBuilder text, String name, String value) {
        text.append(text.isEmpty() ? "?" : "&")
                .append(name)
                .append('=')
                .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
    }
}
