package io.mokube.kubelet.runtime;

import java.util.List;
import java.util.OptionalLong;

/**
 * An image that the runtime has.
 *
 * @param id its digest
 * @param tags names with a tag
 * @param digests names with a digest
 * @param uid the user it runs as by default, when the image says a number
 * @param username the user it runs as by default, when the image says a name; empty otherwise
 * @param pinned never to be removed, says the runtime
 */
public record Image(
        String id,
        List<String> tags,
        List<String> digests,
        long sizeBytes,
        OptionalLong uid,
        String username,
        boolean pinned) {

    /** An image that may be removed. */
    public Image(
            String id, List<String> tags, List<String> digests, long sizeBytes, OptionalLong uid, String username) {
        this(id, tags, digests, sizeBytes, uid, username, false);
    }
}
