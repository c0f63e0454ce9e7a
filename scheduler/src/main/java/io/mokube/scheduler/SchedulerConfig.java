package io.mokube.scheduler;

import io.mokube.client.rest.ClientConfig;
import io.mokube.scheduler.config.SchedulerConfiguration;
import io.mokube.scheduler.config.SchedulerConfiguration.Election;
import io.mokube.scheduler.extender.ExtenderConfig;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;
import java.util.List;

/**
 * How a scheduler is to run.
 *
 * @param client the API server and the scheduler's credentials
 * @param identity who this scheduler is among its replicas, {@code ""} to make one up
 * @param profiles the pods that name one of them in {@code spec.schedulerName} are this scheduler's
 * @param extenders services that have a say in decisions
 * @param election whether and how to wait for a lease before deciding anything
 * @param delays how long pods wait that could not be scheduled
 */
public record SchedulerConfig(
        ClientConfig client,
        String identity,
        List<Profile> profiles,
        List<ExtenderConfig> extenders,
        Election election,
        Delays delays) {

    public static final String DEFAULT_SCHEDULER_NAME = "default-scheduler";

    public SchedulerConfig {
        profiles = List.copyOf(profiles);
        extenders = List.copyOf(extenders);
    }

    /** Without extenders. */
    public SchedulerConfig(
            ClientConfig client, String identity, List<Profile> profiles, Election election, Delays delays) {
        this(client, identity, profiles, List.of(), election, delays);
    }

    /** The default scheduler of a cluster, standing for election. */
    public static SchedulerConfig of(ClientConfig client) {
        return of(client, SchedulerConfiguration.DEFAULT);
    }

    /** A scheduler as a file has it. */
    public static SchedulerConfig of(ClientConfig client, SchedulerConfiguration file) {
        return new SchedulerConfig(client, "", file.profiles(), file.extenders(), file.election(), file.delays());
    }

    public SchedulerConfig withLeaderElection(boolean elected) {
        Election changed = new Election(
                elected, election.lease(), election.leaseDuration(), election.renewDeadline(), election.retryPeriod());
        return new SchedulerConfig(client, identity, profiles, extenders, changed, delays);
    }

    /** With the default profile alone, for the pods that name this scheduler. */
    public SchedulerConfig withSchedulerName(String name) {
        return withProfiles(List.of(DefaultPlugins.profile(name)));
    }

    public SchedulerConfig withProfiles(List<Profile> changed) {
        return new SchedulerConfig(client, identity, changed, extenders, election, delays);
    }

    public SchedulerConfig withIdentity(String name) {
        return new SchedulerConfig(client, name, profiles, extenders, election, delays);
    }

    public SchedulerConfig withDelays(Delays changed) {
        return new SchedulerConfig(client, identity, profiles, extenders, election, changed);
    }
}
