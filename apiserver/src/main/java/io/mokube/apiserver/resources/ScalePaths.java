package io.mokube.apiserver.resources;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a resource keeps what {@code scale} shows, each as the names of nested fields.
 *
 * @param replicas how many are wanted
 * @param observed how many there are
 * @param selector the text of the selector; null when it is the label selector in {@code spec.selector}
 */
public record ScalePaths(
        List<String> replicas,
        List<String> observed,
        @Nullable List<String> selector) {

    /** Where the workloads of Kubernetes keep them. */
    public static final ScalePaths STANDARD =
            new ScalePaths(List.of("spec", "replicas"), List.of("status", "replicas"), null);

    public ScalePaths {
        replicas = List.copyOf(replicas);
        observed = List.copyOf(observed);
        selector = selector == null ? null : List.copyOf(selector);
    }
}
