package io.mokube.kubelet.runtime;

import java.time.Instant;
import java.util.Map;

/** A sandbox as the runtime lists it. */
public record Sandbox(
        String id,
        String name,
        String uid,
        String namespace,
        int attempt,
        boolean ready,
        Instant createdAt,
        Map<String, String> labels,
        Map<String, String> annotations) {}
