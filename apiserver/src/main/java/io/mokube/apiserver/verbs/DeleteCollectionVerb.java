package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.error.ApiException;
import java.util.ArrayList;
import java.util.List;

/** DELETE of all objects that a list would show. */
public final class DeleteCollectionVerb implements Verb {

    private final Backend backend;
    private final Reads reads;
    private final DeleteVerb one;

    public DeleteCollectionVerb(Backend backend) {
        this.backend = backend;
        this.reads = new Reads(backend);
        this.one = new DeleteVerb(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        ResourceDefinition definition = served.definition();
        DeleteOptions options = DeleteOptions.parse(request);
        Selection selection = Selections.parse(
                request, served, backend.cache().of(definition.storedAs()).selectableFields());
        Writes.Writer writer = new Writes.Writer(request.user(), options.dryRun(), request::warn);
        reads.awaitCurrent();
        List<CachedObject> selected = new ArrayList<>();
        WatchCache.Listing listing = backend.cache().list(definition.storedAs());
        String end = selection.endKey();
        listing.objects().scan(selection.firstKey(), entry -> {
            if (entry.key().compareTo(end) >= 0) {
                return false;
            }
            if (selection.test(entry)) {
                selected.add(entry);
            }
            return true;
        });
        for (CachedObject each : selected) {
            try {
                one.delete(definition, Paths.objectKey(each.key()), options, writer);
            } catch (ApiException e) {
                // Someone else deleted it meanwhile: it is gone, as was asked.
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }
        return new Answer.Many(served, selected, listing.revision(), "", null);
    }
}
