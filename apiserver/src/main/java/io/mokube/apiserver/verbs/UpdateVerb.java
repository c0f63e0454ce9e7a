package io.mokube.apiserver.verbs;

import io.mokube.apiserver.registry.Outcome;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;

/** PUT of a whole object, or of it to one of the subresources that take the object itself. */
public final class UpdateVerb implements Verb {

    private final Backend backend;
    private final Writes writes;

    public UpdateVerb(Backend backend) {
        this.backend = backend;
        this.writes = new Writes(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        ResourceDefinition definition = served.definition();
        WriteOptions options = WriteOptions.parse(request.query(), "UpdateOptions");
        KubeObject object = Bodies.read(request, served, options.fieldValidation());
        served.version().conversion().toStorage(object);
        ObjectKey key = Paths.key(request, definition);
        Writes.Writer writer = Writes.Writer.of(request, served, options);
        String subresource = request.info().subresource();
        Outcome outcome = subresource.isEmpty()
                ? writes.put(definition, key, object, writer, () -> backend.checkMayCreate(request))
                : writes.update(definition, key, subresource, writer, current -> {
                    KubeObject desired = object.deepCopy();
                    Writes.checkResourceVersion(definition, desired, current);
                    return desired;
                });
        return answer(served, outcome);
    }

    static Answer answer(Served served, Outcome outcome) {
        return switch (outcome) {
            case Outcome.Created created -> new Answer.One(201, served, created.object());
            case Outcome.Stored stored -> new Answer.One(200, served, stored.object());
            case Outcome.Deleted deleted -> new Answer.One(200, served, deleted.object());
        };
    }
}
