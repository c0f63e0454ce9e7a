package io.mokube.kubelet.runtime;

/**
 * What a running container uses.
 *
 * @param id the container's
 * @param usage of processor and memory
 * @param writableBytes what it wrote beside its volumes
 * @param writableInodes how many files and folders that is; 0 when the runtime does not tell
 */
public record ContainerStats(String id, Usage usage, long writableBytes, long writableInodes) {}
