package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How fresh a read must be. */
final class Reads {

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final Backend backend;

    Reads(Backend backend) {
        this.backend = backend;
    }

    /**
     * An object, or null.
     *
     * @param resourceVersion {@code ""} for everything acknowledged so far, {@code "0"} for whatever is at hand, else at
     *     least as new as that
     */
    @Nullable
    StoredObject get(ResourceDefinition definition, ObjectKey key, String resourceVersion) {
        if (resourceVersion.isEmpty()) {
            return backend.objects().get(definition, key);
        }
        awaitAtLeast(parse("resourceVersion", resourceVersion));
        return backend.objects().getCached(definition, key);
    }

    /** Waits until the cache has everything acknowledged so far. */
    void awaitCurrent() {
        if (!backend.cache().await(backend.cache().currentRevision(), PATIENCE)) {
            throw notCaughtUp();
        }
    }

    /**
     * Waits until the cache has come to a revision.
     *
     * @throws ApiException 504 when that lies in the future
     */
    void awaitAtLeast(long revision) {
        if (backend.cache().await(revision, Duration.ZERO)) {
            return;
        }
        if (backend.cache().await(revision, PATIENCE)) {
            return;
        }
        if (!backend.cache().isLoaded()) {
            throw notCaughtUp();
        }
        throw ApiException.timeout(
                "Too large resource version: " + revision + ", current: "
                        + backend.cache().revision(),
                1,
                new Status.Cause("ResourceVersionTooLarge", "Too large resource version", ""));
    }

    private static ApiException notCaughtUp() {
        return ApiException.tooManyRequests("storage is (re)initializing", 1);
    }

    /**
     * Reads a resource version.
     *
     * @throws ApiException 400 when it is none
     */
    static long parse(String parameter, String text) {
        try {
            long revision = Long.parseLong(text);
            if (revision >= 0) {
                return revision;
            }
        } catch (NumberFormatException e) {
            throw malformed(parameter, text);
        }
        throw malformed(parameter, text);
    }

    private static ApiException malformed(String parameter, String text) {
        return ApiException.badRequest("Invalid value for " + parameter + ": \"" + text
                + "\": strconv.ParseUint: parsing \"" + text + "\": invalid syntax");
    }
}
