package io.mokube.apiserver.verbs;

import io.mokube.apiserver.admission.Operation;
import io.mokube.apiserver.registry.Outcome;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** DELETE of one object. */
public final class DeleteVerb implements Verb {

    /** Kubernetes answers the deletion of these with the object, of others with a status. */
    private static final Set<String> ANSWERED_WITH_OBJECT = Set.of(
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "podtemplates",
            "resourcequotas",
            "serviceaccounts",
            "services");

    private final Backend backend;
    private final Writes writes;

    public DeleteVerb(Backend backend) {
        this.backend = backend;
        this.writes = new Writes(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        DeleteOptions options = DeleteOptions.parse(request);
        ObjectKey key = Paths.key(request, served.definition());
        Writes.Writer writer = new Writes.Writer(request.user(), options.dryRun(), request::warn);
        return switch (delete(served.definition(), key, options, writer)) {
            case Outcome.Created created -> new Answer.One(200, served, created.object());
            case Outcome.Stored stored -> new Answer.One(200, served, stored.object());
            case Outcome.Deleted deleted ->
                isAnsweredWithObject(served.definition())
                        ? new Answer.One(200, served, deleted.object())
                        : new Answer.Document(
                                200,
                                success(served.definition(), deleted.object().parse()));
        };
    }

    Outcome delete(ResourceDefinition definition, ObjectKey key, DeleteOptions options, Writes.Writer writer) {
        return writes.change(definition, key, writer, current -> {
            if (current == null) {
                throw ApiException.notFound(definition.groupResource(), key.name());
            }
            KubeObject old = current.deepCopy();
            backend.admission().validate(Writes.admission(Operation.DELETE, definition, "", null, old, writer));
            return Deletion.decide(
                    definition, current, options, backend.platform().clock().instant());
        });
    }

    private static boolean isAnsweredWithObject(ResourceDefinition definition) {
        return definition.group().isEmpty() && ANSWERED_WITH_OBJECT.contains(definition.plural());
    }

    private static ObjectNode success(ResourceDefinition definition, KubeObject object) {
        ObjectNode status = Json.MAPPER.createObjectNode();
        status.put("kind", "Status");
        status.put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Success");
        ObjectNode details = status.putObject("details");
        details.put("name", object.name());
        if (!definition.group().isEmpty()) {
            details.put("group", definition.group());
        }
        details.put("kind", definition.plural());
        details.put("uid", object.uid());
        return status;
    }
}
