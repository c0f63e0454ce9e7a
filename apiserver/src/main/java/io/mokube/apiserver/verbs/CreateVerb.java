package io.mokube.apiserver.verbs;

import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;

/** POST of a new object. */
public final class CreateVerb implements Verb {

    private final Writes writes;

    public CreateVerb(Backend backend) {
        this.writes = new Writes(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        WriteOptions options = WriteOptions.parse(request.query(), "CreateOptions");
        KubeObject object = Bodies.read(request, served, options.fieldValidation());
        if (!object.resourceVersion().isEmpty()) {
            throw ApiException.badRequest("resourceVersion should not be set on objects to be created");
        }
        served.version().conversion().toStorage(object);
        Writes.Writer writer = Writes.Writer.of(request, served, options);
        return new Answer.One(201, served, writes.create(served.definition(), object, writer));
    }
}
