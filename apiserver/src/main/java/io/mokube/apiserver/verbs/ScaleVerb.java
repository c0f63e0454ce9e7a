package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.ScalePaths;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.validation.StrictDecoder;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** GET, PUT and PATCH of {@code /scale}: the replicas of an object as a kind of its own. */
final class ScaleVerb implements Verb {

    static final GroupVersionKind SCALE = new GroupVersionKind("autoscaling", "v1", "Scale");

    private final Reads reads;
    private final Writes writes;
    private final ApplyVerb apply;

    ScaleVerb(Backend backend) {
        this.apply = new ApplyVerb(backend);
        this.reads = new Reads(backend);
        this.writes = new Writes(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        return switch (request.info().verb()) {
            case "get" -> get(request, served);
            case "update" -> {
                WriteOptions options = WriteOptions.parse(request.query(), "UpdateOptions");
                KubeObject scale = Bodies.readAs(request, "autoscaling/v1", "Scale", options.fieldValidation());
                Bodies.fitToPath(request, served, scale);
                yield change(request, served, options, current -> scale);
            }
            default -> {
                if (request.contentType().equals(ApplyVerb.APPLY)) {
                    yield apply.answerScale(request, served);
                }
                WriteOptions options = WriteOptions.parsePatch(request.query());
                Schema schema = BuiltInSchemas.lean().of(SCALE);
                PatchVerb.Patch patch = PatchVerb.read(request, schema);
                yield change(
                        request,
                        served,
                        options,
                        current -> StrictDecoder.decodePatched(
                                        patch.apply(current.root()),
                                        patch.duplicates(),
                                        SCALE,
                                        schema,
                                        options.fieldValidation())
                                .object());
            }
        };
    }

    private Answer get(ApiRequest request, Served served) {
        ObjectKey key = Paths.key(request, served.definition());
        StoredObject object = reads.get(served.definition(), key, "");
        if (object == null) {
            throw ApiException.notFound(served.definition().groupResource(), key.name());
        }
        return new Answer.Document(
                200,
                scale(
                                ObjectStore.parse(served.definition(), object),
                                served.definition().strategy().scalePaths())
                        .root());
    }

    private Answer change(ApiRequest request, Served served, WriteOptions options, UnaryOperator<KubeObject> desired) {
        ResourceDefinition definition = served.definition();
        ObjectKey key = Paths.key(request, definition);
        ScalePaths paths = definition.strategy().scalePaths();
        Writes.Writer writer = Writes.Writer.of(request, served, options);
        // An update of the object itself: whoever may write the scale changes the spec by it.
        StoredObject result = writes.update(definition, key, "", writer, current -> {
                    KubeObject scale = desired.apply(scale(current, paths));
                    Writes.checkResourceVersion(definition, scale, current);
                    setReplicas(current, paths, replicas(scale, key).asInt(0));
                    return current;
                })
                .object();
        return new Answer.Document(
                200, scale(ObjectStore.parse(definition, result), paths).root());
    }

    /** The number a scale wants, 0 when it says none. */
    static JsonNode replicas(KubeObject scale, ObjectKey key) {
        JsonNode replicas = scale.at("spec", "replicas");
        if (replicas.asLong(0) < 0) {
            throw ApiException.invalid(
                    SCALE.group(),
                    SCALE.kind(),
                    key.name(),
                    List.of(FieldError.invalid(
                            "spec.replicas", replicas.asLong(), "must be greater than or equal to 0")));
        }
        return replicas;
    }

    /** Puts the number a scale wants where the object keeps it. */
    static void setReplicas(KubeObject object, ScalePaths paths, int replicas) {
        ObjectNode parent = object.root();
        List<String> path = paths.replicas();
        for (String name : path.subList(0, path.size() - 1)) {
            parent = parent.get(name) instanceof ObjectNode child ? child : parent.putObject(name);
        }
        parent.put(path.getLast(), replicas);
    }

    /** The scale of an object. */
    static KubeObject scale(KubeObject object, ScalePaths paths) {
        KubeObject scale = KubeObject.of("autoscaling/v1", "Scale");
        scale.setMetadata("name", object.name());
        scale.setMetadata("namespace", object.namespace());
        scale.setMetadata("uid", object.uid());
        scale.setMetadata("resourceVersion", object.resourceVersion());
        scale.setMetadata(
                "creationTimestamp", object.at("metadata", "creationTimestamp").asString(""));
        scale.root()
                .putObject("spec")
                .put(
                        "replicas",
                        object.at(paths.replicas().toArray(String[]::new)).asInt(0));
        ObjectNode status = scale.root().putObject("status");
        status.put(
                "replicas", object.at(paths.observed().toArray(String[]::new)).asInt(0));
        List<String> selector = paths.selector();
        if (selector == null) {
            status.put("selector", selector(object.at("spec", "selector")));
        } else if (!selector.isEmpty()) {
            status.put("selector", object.at(selector.toArray(String[]::new)).asString(""));
        }
        return scale;
    }

    /** Replication controllers select by plain labels, everything else by a selector. */
    private static String selector(JsonNode selector) {
        boolean modern = selector.has("matchLabels") || selector.has("matchExpressions");
        if (modern) {
            return LabelSelector.ofJson(selector).toString();
        }
        StringBuilder labels = new StringBuilder();
        selector.properties()
                .forEach(label -> labels.append(labels.isEmpty() ? "" : ",")
                        .append(label.getKey())
                        .append('=')
                        .append(label.getValue().asString("")));
        return labels.toString();
    }
}
