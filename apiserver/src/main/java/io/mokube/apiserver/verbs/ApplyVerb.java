package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.apiserver.ownership.FieldOwnership;
import io.mokube.apiserver.ownership.LastApplied;
import io.mokube.apiserver.ownership.ManagedFields;
import io.mokube.apiserver.ownership.UntypedException;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.ScalePaths;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.validation.DocumentReader;
import io.mokube.apiserver.validation.DocumentSyntax;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.apiserver.validation.MalformedInputException;
import io.mokube.apiserver.validation.StrictDecoder;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Server-side apply: PATCH with a configuration that names all fields its manager cares for. Creates what is not there. */
final class ApplyVerb implements Verb {

    static final String APPLY = "application/apply-patch+yaml";

    /** An object that comes and goes faster than this is in nobody's hands. */
    private static final int ATTEMPTS = 4;

    private final Backend backend;
    private final Writes writes;

    ApplyVerb(Backend backend) {
        this.backend = backend;
        this.writes = new Writes(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        ResourceDefinition definition = served.definition();
        WriteOptions options = WriteOptions.parseApply(request.query());
        boolean force = request.query().flag("force").orElse(false);
        Schema schema = served.version().schema().get();
        ObjectNode config = read(request, served.kind(), schema, options.fieldValidation());
        ObjectKey key = Paths.key(request, definition);
        Writes.Writer writer = Writes.Writer.of(request, served, options, true);
        String subresource = request.info().subresource();
        Application application =
                new Application(served, config, key, Objects.requireNonNull(writer.manager()), subresource, force);
        for (int attempt = 1; ; attempt++) {
            try {
                return UpdateVerb.answer(
                        served, writes.update(definition, key, subresource, writer, application::update));
            } catch (ApiException e) {
                if (!subresource.isEmpty() || !isMissing(e, definition, key)) {
                    throw e;
                }
            }
            backend.checkMayCreate(request);
            try {
                StoredObject created = writes.create(definition, application.create(), writer);
                return new Answer.One(201, served, created);
            } catch (ApiException e) {
                if (!e.isAlreadyExists() || attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** Applies a scale: of the object itself it speaks of nothing but the replicas. */
    Answer answerScale(ApiRequest request, Served served) {
        ResourceDefinition definition = served.definition();
        WriteOptions options = WriteOptions.parseApply(request.query());
        boolean force = request.query().flag("force").orElse(false);
        ObjectNode scale =
                read(request, ScaleVerb.SCALE, BuiltInSchemas.lean().of(ScaleVerb.SCALE), options.fieldValidation());
        ObjectKey key = Paths.key(request, definition);
        JsonNode replicas = ScaleVerb.replicas(new KubeObject(scale), key);
        ScalePaths paths = definition.strategy().scalePaths();
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        if (replicas.isNumber()) {
            ScaleVerb.setReplicas(new KubeObject(config), paths, replicas.asInt(0));
        }
        Writes.Writer writer = Writes.Writer.of(request, served, options, true);
        Application application =
                new Application(served, config, key, Objects.requireNonNull(writer.manager()), "scale", force);
        StoredObject result =
                writes.update(definition, key, "", writer, application::update).object();
        return new Answer.Document(
                200,
                ScaleVerb.scale(ObjectStore.parse(definition, result), paths).root());
    }

    private static boolean isMissing(ApiException e, ResourceDefinition definition, ObjectKey key) {
        Status missing =
                ApiException.notFound(definition.groupResource(), key.name()).status();
        return e.isNotFound() && e.status().message().equals(missing.message());
    }

    /** A configuration on its way into an object, which may take several attempts. */
    private final class Application {

        private final Served served;
        private final ObjectNode config;
        private final ObjectKey key;
        private final FieldManager manager;
        private final String subresource;
        private final boolean force;

        Application(
                Served served,
                ObjectNode config,
                ObjectKey key,
                FieldManager manager,
                String subresource,
                boolean force) {
            this.served = served;
            this.config = config;
            this.key = key;
            this.manager = manager;
            this.subresource = subresource;
            this.force = force;
        }

        KubeObject create() {
            KubeObject object = apply(ManagedFields.NONE, JsonNodeFactory.instance.objectNode());
            if (!object.uid().isEmpty()) {
                throw ApiException.conflict(
                        served.definition().groupResource(),
                        key.name(),
                        "uid mismatch: the provided object specified uid " + object.uid()
                                + ", and no existing object was found");
            }
            object.metadata().remove("resourceVersion");
            return object;
        }

        KubeObject update(KubeObject current) {
            JsonNode stored = current.metadata().get("managedFields");
            ManagedFields entries = stored == null ? ManagedFields.NONE : ManagedFields.ofStored(stored);
            ObjectNode live = new ServedVersions(served.definition()).ofStored(current, manager.apiVersion());
            KubeObject object = apply(entries, live);
            if (!object.resourceVersion().equals(current.resourceVersion())) {
                throw ApiException.modified(served.definition().groupResource(), key.name());
            }
            return object;
        }

        private KubeObject apply(ManagedFields entries, ObjectNode live) {
            FieldOwnership.Applied applied;
            try {
                applied = FieldTracking.ownership(served.definition(), subresource)
                        .apply(entries, live, config, manager, force, now());
            } catch (UntypedException e) {
                throw ApiException.badRequest("failed to create typed live object: " + e.getMessage());
            }
            // The merged tree shares parts with the configuration, which the next attempt needs as it was.
            ObjectNode merged = applied.object().deepCopy();
            if (manager.name().equals("kubectl")) {
                LastApplied.sync(merged, config);
            }
            KubeObject object = StrictDecoder.decodePatched(
                            merged,
                            List.of(),
                            served.kind(),
                            served.version().schema().get(),
                            FieldValidation.IGNORE)
                    .object();
            if (served.definition().namespaced() && object.namespace().isEmpty()) {
                object.setMetadata("namespace", key.namespace());
            }
            PatchVerb.checkNames(object, key);
            served.version().conversion().toStorage(object);
            FieldTracking.set(object, applied.entries().toJson());
            return object;
        }
    }

    private String now() {
        return Lifecycle.timestamp(backend.platform().clock().instant());
    }

    /**
     * The configuration in a request's body, which fits the schema.
     *
     * @throws ApiException 400 saying what is wrong with it
     */
    static ObjectNode read(ApiRequest request, GroupVersionKind kind, Schema schema, FieldValidation fieldValidation) {
        DocumentReader.Document document = document(request.body());
        if (!(document.tree() instanceof ObjectNode config)) {
            throw ApiException.badRequest("error decoding YAML: the configuration is no object");
        }
        GroupVersion groupVersion = GroupVersion.parse(config.path("apiVersion").asString(""));
        String given = display(new GroupVersionKind(
                groupVersion.group(),
                groupVersion.version(),
                config.path("kind").asString("")));
        String expected = display(kind);
        if (!given.equals(expected)) {
            throw ApiException.badRequest("invalid object type: " + given);
        }
        if (config.path("metadata").path("managedFields").isArray()) {
            throw ApiException.badRequest("metadata.managedFields must be nil");
        }
        FieldOwnership.check(config, schema, expected);
        tellDuplicates(request, document.duplicates(), fieldValidation);
        return config;
    }

    private static DocumentReader.Document document(byte[] body) {
        try {
            return DocumentReader.read(body, DocumentSyntax.JSON);
        } catch (MalformedInputException notJson) {
            try {
                return DocumentReader.read(body, DocumentSyntax.YAML);
            } catch (MalformedInputException e) {
                throw ApiException.badRequest("error decoding YAML: " + e.explanation());
            }
        }
    }

    private static void tellDuplicates(ApiRequest request, List<String> duplicates, FieldValidation fieldValidation) {
        for (String duplicate : duplicates) {
            switch (fieldValidation) {
                case IGNORE -> {}
                case WARN -> request.warn("duplicate field \"" + duplicate + "\"");
                case STRICT ->
                    throw ApiException.badRequest("error strict decoding YAML: duplicate field \"" + duplicate + "\"");
            }
        }
    }

    private static String display(GroupVersionKind kind) {
        return kind.group() + "/" + kind.version() + ", Kind=" + kind.kind();
    }
}
