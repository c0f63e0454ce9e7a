package io.mokube.scheduler.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.Scheduler;
import io.mokube.scheduler.SchedulerConfig;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;

/** The scheduler as a Spring Boot service. */
@SpringBootApplication
@EnableConfigurationProperties(SchedulerApplication.Settings.class)
public class SchedulerApplication {

    /**
     * What can be set, as {@code mokube.*} properties or {@code MOKUBE_*} variables.
     *
     * @param kubeconfig the file that names the API server and holds the credentials
     * @param schedulerName which pods are scheduled
     * @param leaderElect whether several schedulers share the work, one at a time
     * @param identity this one's name among them; made up when empty
     */
    @ConfigurationProperties("mokube")
    public record Settings(
            Path kubeconfig,

            @DefaultValue(SchedulerConfig.DEFAULT_SCHEDULER_NAME)
            String schedulerName,

            @DefaultValue("true") boolean leaderElect,
            @DefaultValue("") String identity) {}

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(SchedulerApplication.class, arguments);
    }

    @Bean
    Scheduler scheduler(Settings settings, MeterRegistry meters) {
        SchedulerConfig config = SchedulerConfig.of(
                        ClientConfig.fromKubeconfig(settings.kubeconfig()).withUserAgent("kube-scheduler"))
                .withSchedulerName(settings.schedulerName())
                .withIdentity(settings.identity())
                .withLeaderElection(settings.leaderElect());
        return new Scheduler(config, new Platform(Clock.system(), new SecureRandom(), meters));
    }

    @Bean
    HealthIndicator schedulerHealthIndicator(Scheduler scheduler) {
        return () -> {
            var readiness = scheduler.readiness();
            return (readiness.ready() ? Health.up() : Health.outOfService())
                    .withDetail("state", readiness.reason())
                    .withDetail("leader", scheduler.isLeader())
                    .build();
        };
    }

    @Bean
    SmartLifecycle schedulerLifecycle(Scheduler scheduler) {
        return new SmartLifecycle() {
            private volatile boolean running;

            @Override
            public void start() {
                scheduler.start();
                running = true;
            }

            @Override
            public void stop() {
                scheduler.stop(Duration.ofSeconds(10));
                running = false;
            }

            @Override
            public boolean isRunning() {
                return running;
            }
        };
    }
}
