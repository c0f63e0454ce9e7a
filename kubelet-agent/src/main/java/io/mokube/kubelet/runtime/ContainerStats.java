package io.mokube.kubelet.runtime;

/**
 * What a running container uses.
 *
 * @param id the container's
 * @param usage of processor and memory
 * @param writableBytes what it wrote beside its volumes
 */
public record ContainerStats(String id, Usage usage, long writableBytes) {}
