package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;

/** GET of one object, and of the subresources that show the object itself. */
public final class GetVerb implements Verb {

    private final Reads reads;

    public GetVerb(Backend backend) {
        this.reads = new Reads(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        ResourceDefinition definition = served.definition();
        ObjectKey key = Paths.key(request, definition);
        StoredObject object = reads.get(definition, key, request.query().text("resourceVersion"));
        if (object == null) {
            throw ApiException.notFound(definition.groupResource(), key.name());
        }
        return new Answer.One(200, served, object);
    }
}
