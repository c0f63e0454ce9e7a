package io.mokube.kubelet.runtime;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything the runtime knows of a container.
 *
 * @param startedAt null until it started
 * @param finishedAt null until it ended
 * @param exitCode how it ended; 0 until then
 * @param image the reference it was made from
 * @param imageId the digest or id of the image
 * @param reason the runtime's reason, {@code OOMKilled} when the kernel killed it for want of memory
 */
public record ContainerStatus(
        String id,
        String name,
        int attempt,
        State state,
        Instant createdAt,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        int exitCode,
        String image,
        String imageId,
        String reason,
        String message,
        String logPath,
        Map<String, String> labels,
        Map<String, String> annotations) {

    /** Where a container is in its life. */
    public enum State {
        CREATED,
        RUNNING,
        EXITED,
        UNKNOWN
    }

    /** Whether the kernel ended the container because it used more memory than its limit. */
    public boolean outOfMemory() {
        return reason.equals("OOMKilled");
    }
}
