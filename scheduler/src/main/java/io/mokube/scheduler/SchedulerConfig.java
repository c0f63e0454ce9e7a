package io.mokube.scheduler;

import io.mokube.client.rest.ClientConfig;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;

/**
 * How a scheduler is to run.
 *
 * @param client the API server and the scheduler's credentials
 * @param schedulerName the pods that name this scheduler in {@code spec.schedulerName} are its own
 * @param identity who this scheduler is among its replicas, {@code ""} to make one up
 * @param leaderElection whether to wait for the Lease {@code kube-system/kube-scheduler} before deciding anything
 * @param delays how long pods wait that could not be scheduled
 */
public record SchedulerConfig(
        ClientConfig client, String schedulerName, String identity, boolean leaderElection, Delays delays) {

    public static final String DEFAULT_SCHEDULER_NAME = "default-scheduler";

    /** The default scheduler of a cluster, standing for election. */
    public static SchedulerConfig of(ClientConfig client) {
        return new SchedulerConfig(client, DEFAULT_SCHEDULER_NAME, "", true, Delays.DEFAULT);
    }

    public SchedulerConfig withLeaderElection(boolean elected) {
        return new SchedulerConfig(client, schedulerName, identity, elected, delays);
    }

    public SchedulerConfig withSchedulerName(String name) {
        return new SchedulerConfig(client, name, identity, leaderElection, delays);
    }

    public SchedulerConfig withIdentity(String name) {
        return new SchedulerConfig(client, schedulerName, name, leaderElection, delays);
    }

    public SchedulerConfig withDelays(Delays changed) {
        return new SchedulerConfig(client, schedulerName, identity, leaderElection, changed);
    }
}
