package io.mokube.scheduler.extender;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.scheduler.extender.ExtenderConfig.ManagedResource;
import io.mokube.scheduler.framework.Extender;
import io.mokube.scheduler.framework.PostFilterPlugin.Victims;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An extender that answers over HTTP, in kube-scheduler's form: each verb is a POST of one JSON object. Field names have no
 * case, as in Go. Safe for use by many threads.
 */
public final class HttpExtender implements Extender, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HttpExtender.class);

    /** What is the highest score in the protocol. */
    private static final int HIGHEST_SCORE = 10;

    /** The objects that extenders want to see whole, as they were seen last. */
    public interface Objects {

        Optional<Pod> pod(ObjectKey key);

        Optional<Node> node(String name);
    }

    private final ExtenderConfig config;
    private final Objects objects;
    private final Set<String> managed = new HashSet<>();
    private final HttpClient client;

    /**
     * An extender.
     *
     * @throws IllegalArgumentException when its certificates or keys can't be used
     */
    public HttpExtender(ExtenderConfig config, Objects objects) {
        this.config = config;
        this.objects = objects;
        config.managedResources().stream().map(ManagedResource::name).forEach(managed::add);
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(config.timeout());
        if (config.https()) {
            builder.sslContext(ExtenderTls.of(config.tls()));
        }
        this.client = builder.build();
    }

    @Override
    public String name() {
        return config.urlPrefix();
    }

    @Override
    public boolean ignorable() {
        return config.ignorable();
    }

    @Override
    public boolean concerns(PodInfo pod) {
        return managed.isEmpty()
                || managed.stream().anyMatch(name -> pod.requests().total().amount(name) > 0);
    }

    @Override
    public int weight() {
        return config.prioritizeVerb().isEmpty() ? 0 : config.weight();
    }

    @Override
    public boolean binds() {
        return !config.bindVerb().isEmpty();
    }

    @Override
    public boolean preempts() {
        return !config.preemptVerb().isEmpty();
    }

    @Override
    public Map<String, Verdict.Unfit> filter(PodInfo pod, List<NodeInfo> nodes) {
        if (config.filterVerb().isEmpty()) {
            return Map.of();
        }
        JsonNode answer = send(config.filterVerb(), arguments(pod, nodes));
        failIf(field(answer, "Error"));
        Set<String> asked = new HashSet<>();
        nodes.forEach(node -> asked.add(node.name()));
        Set<String> left = new HashSet<>();
        JsonNode names = field(answer, "NodeNames");
        if (config.nodeCacheCapable() && names.isArray()) {
            names.forEach(name -> left.add(name.asString("")));
        } else {
            field(field(answer, "Nodes"), "items")
                    .forEach(node -> left.add(node.at("/metadata/name").asString("")));
        }
        for (String name : left) {
            if (!asked.contains(name)) {
                throw new FailedException("extender \"" + name() + "\" claims a filtered node \"" + name
                        + "\" which is not found in the input node list");
            }
        }
        Map<String, Verdict.Unfit> objections = new HashMap<>();
        JsonNode failed = field(answer, "FailedNodes");
        JsonNode unresolvable = field(answer, "FailedAndUnresolvableNodes");
        for (String name : asked) {
            if (!left.contains(name)) {
                boolean forGood = unresolvable.has(name);
                String reason = (forGood ? unresolvable : failed).path(name).asString("");
                objections.put(name, new Verdict.Unfit("Extender", reasons(reason), !forGood));
            }
        }
        return objections;
    }

    private static List<String> reasons(String reason) {
        return reason.isEmpty() ? List.of() : List.of(reason);
    }

    @Override
    public Map<String, Long> score(PodInfo pod, List<NodeInfo> nodes) {
        JsonNode answer = send(config.prioritizeVerb(), arguments(pod, nodes));
        Map<String, Long> scores = new HashMap<>();
        for (JsonNode each : answer) {
            scores.put(
                    field(each, "Host").asString(""),
                    field(each, "Score").asLong(0) * ScorePlugin.MAX_SCORE / HIGHEST_SCORE);
        }
        return scores;
    }

    private ObjectNode arguments(PodInfo pod, List<NodeInfo> nodes) {
        ObjectNode arguments = Json.MAPPER.createObjectNode();
        arguments.set("Pod", pod(pod));
        if (config.nodeCacheCapable()) {
            arguments.putNull("Nodes");
            ArrayNode names = arguments.putArray("NodeNames");
            nodes.forEach(node -> names.add(node.name()));
        } else {
            ArrayNode items = arguments
                    .putObject("Nodes")
                    .put("kind", "NodeList")
                    .put("apiVersion", "v1")
                    .putArray("items");
            nodes.forEach(node -> objects.node(node.name()).ifPresent(each -> items.add(tree(each))));
            arguments.putNull("NodeNames");
        }
        return arguments;
    }

    @Override
    public Map<String, Victims> preempt(PodInfo pod, Map<String, Victims> victims, Map<String, NodeInfo> nodes) {
        ObjectNode arguments = Json.MAPPER.createObjectNode();
        arguments.set("Pod", pod(pod));
        boolean byUid = config.nodeCacheCapable();
        ObjectNode byNode = arguments.putObject(byUid ? "NodeNameToMetaVictims" : "NodeNameToVictims");
        victims.forEach((name, on) -> {
            ObjectNode sent = byNode.putObject(name);
            ArrayNode list = sent.putArray("Pods");
            on.pods()
                    .forEach(victim ->
                            list.add(byUid ? Json.MAPPER.createObjectNode().put("UID", victim.uid()) : pod(victim)));
            sent.put("NumPDBViolations", on.brokenBudgets());
        });
        JsonNode answer = field(send(config.preemptVerb(), arguments), "NodeNameToMetaVictims");
        Map<String, Victims> left = new HashMap<>();
        answer.properties().forEach(entry -> {
            NodeInfo node = nodes.get(entry.getKey());
            if (node == null) {
                throw new FailedException("extender \"" + name() + "\" names the node \"" + entry.getKey()
                        + "\", on which nobody can be preempted");
            }
            List<PodInfo> pods = new ArrayList<>();
            for (JsonNode victim : field(entry.getValue(), "Pods")) {
                pods.add(standing(node, field(victim, "UID").asString("")));
            }
            if (pods.isEmpty()) {
                throw new FailedException("expected at least one victim pod on node \"" + node.name() + "\"");
            }
            left.put(
                    node.name(),
                    new Victims(
                            pods, field(entry.getValue(), "NumPDBViolations").asInt(0)));
        });
        return left;
    }

    private PodInfo standing(NodeInfo node, String uid) {
        return node.pods().stream()
                .filter(pod -> pod.uid().equals(uid))
                .findFirst()
                .orElseThrow(() -> new FailedException("extender: " + name() + " claims to preempt pod (UID: " + uid
                        + ") on node: " + node.name() + ", but the pod is not found on that node"));
    }

    @Override
    public void bind(PodInfo pod, String node) {
        ObjectNode arguments = Json.MAPPER
                .createObjectNode()
                .put("PodName", pod.key().name())
                .put("PodNamespace", pod.key().namespace())
                .put("PodUID", pod.uid())
                .put("Node", node);
        failIf(field(send(config.bindVerb(), arguments), "Error"));
    }

    private static void failIf(JsonNode error) {
        String message = error.asString("");
        if (!message.isEmpty()) {
            throw new FailedException(message);
        }
    }

    /** The pod as it was seen last; when it is not there any more, at least who it was. */
    private JsonNode pod(PodInfo pod) {
        return objects.pod(pod.key()).<JsonNode>map(HttpExtender::tree).orElseGet(() -> {
            ObjectNode gone = Json.MAPPER.createObjectNode();
            gone.putObject("metadata")
                    .put("namespace", pod.key().namespace())
                    .put("name", pod.key().name())
                    .put("uid", pod.uid());
            return gone;
        });
    }

    private static JsonNode tree(Object object) {
        return Json.MAPPER.valueToTree(object);
    }

    private static JsonNode field(JsonNode object, String name) {
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            if (entry.getKey().equalsIgnoreCase(name)) {
                return entry.getValue();
            }
        }
        return MissingNode.getInstance();
    }

    private JsonNode send(String verb, ObjectNode arguments) {
        String prefix = config.urlPrefix();
        String url = (prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix) + "/" + verb;
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                    .timeout(config.timeout())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(arguments)))
                    .build();
            HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            if (response.statusCode() != 200) {
                throw failed(
                        verb, "failed " + verb + " with extender at URL " + url + ", code " + response.statusCode());
            }
            byte[] body = response.body();
            return body.length == 0
                    ? JsonNodeFactory.instance.objectNode()
                    : Json.MAPPER.readTree(new String(body, StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(verb, "Post \"" + url + "\": interrupted");
        } catch (IOException | JacksonException | IllegalArgumentException e) {
            throw failed(verb, "Post \"" + url + "\": " + e.getMessage());
        }
    }

    private FailedException failed(String verb, String message) {
        log.atWarn()
                .setMessage("an extender failed")
                .addKeyValue("extender", name())
                .addKeyValue("verb", verb)
                .addKeyValue("ignored", config.ignorable())
                .addKeyValue("reason", message)
                .log();
        return new FailedException(message);
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
