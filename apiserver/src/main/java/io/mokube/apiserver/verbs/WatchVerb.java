package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.StartedWatch;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupResource;
import java.time.Duration;
import java.util.List;

/** GET of changes as they happen. */
public final class WatchVerb implements Verb {

    /** Watches that name no end get one between half an hour and an hour, so that they don't all end together. */
    private static final int SHORTEST_SECONDS = 1800;

    private final Backend backend;
    private final Reads reads;

    public WatchVerb(Backend backend) {
        this.backend = backend;
        this.reads = new Reads(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        Query query = request.query();
        GroupResource resource = served.definition().storedAs();
        Selection selection =
                Selections.parse(request, served, backend.cache().of(resource).selectableFields());
        boolean bookmarks = query.flag("allowWatchBookmarks").orElse(false);
        boolean initialEvents = query.flag("sendInitialEvents").orElse(false);
        checkInitialEvents(query, initialEvents);
        // What is wrong with the request is told before a watch is begun that nobody would end.
        Duration timeout = timeout(query);
        String version = query.text("resourceVersion");
        long revision = version.isEmpty() ? 0 : Reads.parse("resourceVersion", version);
        StartedWatch watch;
        if (initialEvents || revision == 0) {
            if (version.isEmpty()) {
                reads.awaitCurrent();
            } else {
                reads.awaitAtLeast(revision);
            }
            boolean nothingFirst = query.has("sendInitialEvents") && !initialEvents;
            watch = backend.cache().watchAll(resource, selection, bookmarks);
            if (nothingFirst) {
                watch = watch.withoutObjects();
            }
        } else {
            reads.awaitAtLeast(revision);
            watch = backend.cache()
                    .watchAfter(resource, revision, selection, bookmarks)
                    .orElseThrow(() -> ApiException.gone("too old resource version: " + revision + " ("
                            + backend.cache().oldestRevision(resource) + ")"));
        }
        return new Answer.Watching(served, selection, watch, initialEvents && bookmarks, bookmarks, timeout);
    }

    private static void checkInitialEvents(Query query, boolean initialEvents) {
        String match = query.text("resourceVersionMatch");
        if (initialEvents && !match.equals("NotOlderThan")) {
            throw invalid(FieldError.forbidden(
                    "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
        }
        if (!query.has("sendInitialEvents") && !match.isEmpty()) {
            throw invalid(FieldError.forbidden(
                    "resourceVersionMatch",
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
        }
    }

    private static ApiException invalid(FieldError error) {
        return ApiException.invalid("meta.k8s.io", "ListOptions", "", List.of(error));
    }

    private Duration timeout(Query query) {
        long seconds = query.number("timeoutSeconds").orElse(0);
        return Duration.ofSeconds(
                seconds > 0
                        ? Math.min(seconds, Duration.ofDays(1).toSeconds())
                        : SHORTEST_SECONDS + backend.platform().random().nextInt(SHORTEST_SECONDS));
    }
}
