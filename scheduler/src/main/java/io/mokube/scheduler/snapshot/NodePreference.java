package io.mokube.scheduler.snapshot;

/** A node selector term that a pod would like to hold, and how much. */
public record NodePreference(NodeRequirement requirement, int weight) {}
