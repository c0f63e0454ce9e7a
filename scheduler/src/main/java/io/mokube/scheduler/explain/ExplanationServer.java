package io.mokube.scheduler.explain;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.mokube.client.access.AccessReviews;
import io.mokube.client.access.AccessReviews.Access;
import io.mokube.client.access.AccessReviews.Question;
import io.mokube.client.rest.ConnectionException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.StatusJson;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.scheduler.explain.DecisionLog.Kept;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Serves explanations to the API server, which passes its users' requests on: objects, tables for kubectl, and text. Only
 * the API server's front proxy is let in; what its user may see, the API server is asked.
 */
final class ExplanationServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ExplanationServer.class);

    private static final GroupVersionResource RESOURCE =
            new GroupVersionResource(ExplanationForms.GROUP, ExplanationForms.VERSION, ExplanationForms.RESOURCE);
    private static final GroupResource GROUP_RESOURCE = RESOURCE.groupResource();
    private static final String ROOT = "/apis/" + ExplanationForms.GROUP + "/" + ExplanationForms.VERSION;
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String JSON = "application/json";

    private final HttpsServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final FrontProxy frontProxy;
    private final AccessReviews access;
    private final DecisionLog decisions;

    /**
     * Listens and answers.
     *
     * @throws IOException when the address can't be had
     */
    ExplanationServer(
            InetAddress address, SSLContext tls, FrontProxy frontProxy, AccessReviews access, DecisionLog decisions)
            throws IOException {
        this.frontProxy = frontProxy;
        this.access = access;
        this.decisions = decisions;
        server = HttpsServer.create(new InetSocketAddress(address, 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters ssl = getSSLContext().getDefaultSSLParameters();
                ssl.setNeedClientAuth(true);
                parameters.setSSLParameters(ssl);
            }
        });
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Answer answer;
            try {
                answer = answer(exchange);
            } catch (ApiException e) {
                answer = new Answer(e.code(), JSON, StatusJson.write(e.status()).toString());
            } catch (ConnectionException e) {
                ApiException unavailable = ApiException.unavailable("the API server can't be asked: " + e.getMessage());
                answer = new Answer(
                        unavailable.code(),
                        JSON,
                        StatusJson.write(unavailable.status()).toString());
            } catch (RuntimeException e) {
                log.atError()
                        .setMessage("explaining a decision failed")
                        .addKeyValue("request", exchange.getRequestURI())
                        .setCause(e)
                        .log();
                ApiException internal = ApiException.internal(String.valueOf(e.getMessage()));
                answer = new Answer(
                        500, JSON, StatusJson.write(internal.status()).toString());
            }
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", answer.type());
            exchange.sendResponseHeaders(answer.code(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private record Answer(int code, String type, String body) {

        static Answer json(ObjectNode body) {
            return new Answer(200, JSON, body.toString());
        }
    }

    private Answer answer(HttpExchange exchange) {
        if (!isFrontProxy(exchange)) {
            throw ApiException.unauthorized();
        }
        String path = exchange.getRequestURI().getPath();
        if (!exchange.getRequestMethod().equals("GET")) {
            throw ApiException.methodNotAllowed();
        }
        if (path.equals(ROOT)) {
            return Answer.json(resources());
        }
        if (!path.startsWith(ROOT + "/")) {
            throw ApiException.noSuchPath();
        }
        List<String> parts = List.of(path.substring(ROOT.length() + 1).split("/", -1));
        if (parts.equals(List.of(ExplanationForms.RESOURCE))) {
            return list(exchange, "");
        }
        if (parts.size() < 3
                || !parts.get(0).equals("namespaces")
                || !parts.get(2).equals(ExplanationForms.RESOURCE)) {
            throw ApiException.noSuchPath();
        }
        String namespace = parts.get(1);
        if (parts.size() == 3) {
            return list(exchange, namespace);
        }
        String subresource = parts.size() == 5 ? parts.get(4) : "";
        if (parts.size() > 5 || !(subresource.isEmpty() || subresource.equals("text"))) {
            throw ApiException.noSuchPath();
        }
        return one(exchange, new ObjectKey(namespace, parts.get(3)), subresource);
    }

    private boolean isFrontProxy(HttpExchange exchange) {
        try {
            return exchange instanceof HttpsExchange secured
                    && frontProxy.believes(secured.getSSLSession().getPeerPrincipal());
        } catch (SSLPeerUnverifiedException e) {
            return false;
        }
    }

    private Answer list(HttpExchange exchange, String namespace) {
        require(exchange, "list", "", namespace, "");
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        if (query.contains("labelSelector=") || query.contains("fieldSelector=")) {
            throw ApiException.badRequest("explanations can't be selected by labels or fields");
        }
        if (query.contains("watch=true") || query.contains("watch=1")) {
            throw ApiException.methodNotAllowed();
        }
        List<Kept> kept = decisions.list(namespace);
        return Answer.json(wants(exchange, "as=table") ? ExplanationForms.table(kept) : ExplanationForms.list(kept));
    }

    private Answer one(HttpExchange exchange, ObjectKey pod, String subresource) {
        require(exchange, "get", subresource, pod.namespace(), pod.name());
        Kept kept = decisions.find(pod).orElseThrow(() -> ApiException.notFound(GROUP_RESOURCE, pod.name()));
        if (subresource.equals("text") || wants(exchange, "text/plain")) {
            return new Answer(200, TEXT, ExplanationForms.text(kept));
        }
        return Answer.json(wants(exchange, "as=table") ? ExplanationForms.table(kept) : ExplanationForms.object(kept));
    }

    /** Whether that is what the client would like most. */
    private static boolean wants(HttpExchange exchange, String what) {
        String accept = exchange.getRequestHeaders().getFirst("Accept");
        String first = accept == null ? "" : accept.split(",", 2)[0];
        return first.toLowerCase(Locale.ROOT).contains(what);
    }

    private void require(HttpExchange exchange, String verb, String subresource, String namespace, String name) {
        Headers headers = exchange.getRequestHeaders();
        String user = headers.getFirst("X-Remote-User");
        if (user == null || user.isEmpty()) {
            throw ApiException.unauthorized();
        }
        List<String> groups = headers.getOrDefault("X-Remote-Group", List.of());
        if (!access.allows(new Question(user, groups, new Access(verb, RESOURCE, subresource, namespace, name)))) {
            String where = namespace.isEmpty() ? " at the cluster scope" : " in the namespace \"" + namespace + "\"";
            throw ApiException.forbidden(
                    GROUP_RESOURCE,
                    name,
                    "User \"" + user + "\" cannot " + verb + " resource \"" + ExplanationForms.RESOURCE
                            + (subresource.isEmpty() ? "" : "/" + subresource) + "\" in API group \""
                            + ExplanationForms.GROUP + "\"" + where);
        }
    }

    private static ObjectNode resources() {
        ObjectNode list = Json.MAPPER.createObjectNode();
        list.put("kind", "APIResourceList").put("apiVersion", "v1");
        list.put("groupVersion", ExplanationForms.GROUP + "/" + ExplanationForms.VERSION);
        JsonNode resources = list.putArray("resources")
                .add(resource(ExplanationForms.RESOURCE, "get", "list"))
                .add(resource(ExplanationForms.RESOURCE + "/text", "get"));
        ((ObjectNode) resources.get(0)).putArray("shortNames").add("why");
        return list;
    }

    private static ObjectNode resource(String name, String... verbs) {
        ObjectNode resource = Json.MAPPER.createObjectNode();
        resource.put("name", name)
                .put("singularName", name.contains("/") ? "" : "podexplanation")
                .put("namespaced", true)
                .put("kind", "PodExplanation");
        for (String verb : verbs) {
            resource.withArrayProperty("verbs").add(verb);
        }
        return resource;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
