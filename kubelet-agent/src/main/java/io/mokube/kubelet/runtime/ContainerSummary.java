package io.mokube.kubelet.runtime;

import java.time.Instant;
import java.util.Map;

/** A container as the runtime lists it. */
public record ContainerSummary(
        String id,
        String sandboxId,
        String name,
        int attempt,
        ContainerStatus.State state,
        Instant createdAt,
        Map<String, String> labels,
        Map<String, String> annotations) {}
