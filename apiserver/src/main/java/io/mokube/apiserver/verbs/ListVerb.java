package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.SortedObjects;
import io.mokube.apiserver.cache.WatchCache.Listing;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupResource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** GET of many objects, page by page when asked so. */
public final class ListVerb implements Verb {

    private static final String EXPIRED_PAGE =
            "The provided continue parameter is too old to display a consistent list result. You can start a new list"
                    + " without the continue parameter, or use the continue token in this response to retrieve the"
                    + " remainder of the results. Continuing with the provided token results in an inconsistent list"
                    + " - objects that were created, modified, or deleted between the time the first chunk was"
                    + " returned and now may show up in the list.";

    private final Backend backend;
    private final Reads reads;

    public ListVerb(Backend backend) {
        this.backend = backend;
        this.reads = new Reads(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        Query query = request.query();
        ResourceDefinition definition = served.definition();
        Selection selection = Selections.parse(
                request, served, backend.cache().of(definition.storedAs()).selectableFields());
        ResourceVersionMatch match = ResourceVersionMatch.parse(query);
        long limit = Math.max(0, query.number("limit").orElse(0));
        Listing listing;
        String start = selection.firstKey();
        if (query.text("continue").isEmpty()) {
            listing = listing(definition, match);
        } else {
            ContinueToken token = ContinueToken.parse(query.text("continue"));
            if (token.start().compareTo(start) > 0) {
                start = token.start();
            }
            listing = continued(definition.storedAs(), token);
        }
        return page(served, selection, listing, start, limit);
    }

    private Listing listing(ResourceDefinition definition, ResourceVersionMatch match) {
        GroupResource resource = definition.storedAs();
        return switch (match) {
            case ResourceVersionMatch.Current current -> {
                reads.awaitCurrent();
                yield backend.cache().list(resource);
            }
            case ResourceVersionMatch.NotOlderThan notOlderThan -> {
                reads.awaitAtLeast(notOlderThan.revision());
                yield backend.cache().list(resource);
            }
            case ResourceVersionMatch.Exact exact -> {
                reads.awaitAtLeast(exact.revision());
                yield at(resource, exact.revision())
                        .orElseThrow(() -> ApiException.gone("The resourceVersion for the provided list is too old."));
            }
        };
    }

    private Listing continued(GroupResource resource, ContinueToken token) {
        if (token.revision() == ContinueToken.INCONSISTENT) {
            reads.awaitCurrent();
            return backend.cache().list(resource);
        }
        reads.awaitAtLeast(token.revision());
        return at(resource, token.revision()).orElseThrow(() -> ExpiredPage.at(EXPIRED_PAGE, token.start()));
    }

    private Optional<Listing> at(GroupResource resource, long revision) {
        return backend.cache().listAt(resource, revision).map(objects -> new Listing(objects, revision));
    }

    private static Answer page(Served served, Selection selection, Listing listing, String start, long limit) {
        SortedObjects all = listing.objects();
        String end = selection.endKey();
        List<CachedObject> selected = new ArrayList<>();
        NextKey next = new NextKey();
        all.scan(start, entry -> {
            if (entry.key().compareTo(end) >= 0) {
                return false;
            }
            if (selection.test(entry)) {
                if (limit > 0 && selected.size() == limit) {
                    next.key = entry.key();
                    return false;
                }
                selected.add(entry);
            }
            return true;
        });
        if (next.key == null) {
            return new Answer.Many(served, selected, listing.revision(), "", null);
        }
        Long remaining = selection.isEverythingInRange()
                ? (Long) (long) (all.countBefore(end) - all.countBefore(next.key))
                : null;
        String token = new ContinueToken(listing.revision(), next.key).toString();
        return new Answer.Many(served, selected, listing.revision(), token, remaining);
    }

    private static final class NextKey {
        private @Nullable String key;
    }

    /** What {@code resourceVersion} and {@code resourceVersionMatch} together ask for. */
    private sealed interface ResourceVersionMatch {

        /** Everything acknowledged so far. */
        record Current() implements ResourceVersionMatch {}

        /** At least as new as this. */
        record NotOlderThan(long revision) implements ResourceVersionMatch {}

        /** Exactly this state. */
        record Exact(long revision) implements ResourceVersionMatch {}

        static ResourceVersionMatch parse(Query query) {
            String version = query.text("resourceVersion");
            String match = query.text("resourceVersionMatch");
            boolean continued = !query.text("continue").isEmpty();
            query.number("timeoutSeconds");
            if (query.flag("sendInitialEvents").isPresent()) {
                throw invalid(FieldError.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
            }
            if (!match.isEmpty()) {
                if (continued) {
                    throw invalid(FieldError.forbidden(
                            "resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
                }
                if (version.isEmpty()) {
                    throw invalid(FieldError.forbidden(
                            "resourceVersionMatch",
                            "resourceVersionMatch is forbidden unless resourceVersion is provided"));
                }
            }
            if (continued && !version.isEmpty() && !version.equals("0")) {
                throw ApiException.badRequest("specifying resource version is not allowed when using continue");
            }
            if (version.isEmpty()) {
                return new Current();
            }
            long revision = Reads.parse("resourceVersion", version);
            return switch (match) {
                // A first page at a revision has always meant that very revision.
                case "" ->
                    revision > 0 && query.number("limit").orElse(0) > 0
                            ? new Exact(revision)
                            : new NotOlderThan(revision);
                case "NotOlderThan" -> new NotOlderThan(revision);
                case "Exact" -> {
                    if (revision == 0) {
                        throw invalid(FieldError.forbidden(
                                "resourceVersionMatch",
                                "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\""));
                    }
                    yield new Exact(revision);
                }
                default ->
                    throw invalid(FieldError.notSupported(
                            "resourceVersionMatch", match, List.of("Exact", "NotOlderThan", "")));
            };
        }

        private static ApiException invalid(FieldError error) {
            return ApiException.invalid("meta.k8s.io", "ListOptions", "", List.of(error));
        }
    }
}
