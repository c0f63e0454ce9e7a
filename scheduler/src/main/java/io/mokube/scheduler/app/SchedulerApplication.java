package io.mokube.scheduler.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.Scheduler;
import io.mokube.scheduler.SchedulerConfig;
import io.mokube.scheduler.config.SchedulerConfiguration;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
     * @param kubeconfig the file that names the API server and holds the credentials; may stand in the configuration
     * @param config a file of kind KubeSchedulerConfiguration; what is said there is not said by the settings below
     * @param schedulerName which pods are scheduled
     * @param leaderElect whether several schedulers share the work, one at a time
     * @param identity this one's name among them; made up when empty
     */
    @ConfigurationProperties("mokube")
    public record Settings(
            @Nullable Path kubeconfig,

            @Nullable Path config,

            @DefaultValue(SchedulerConfig.DEFAULT_SCHEDULER_NAME)
            String schedulerName,

            @DefaultValue("true") boolean leaderElect,
            @DefaultValue("") String identity) {}

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(SchedulerApplication.class, withProperties(arguments));
    }

    /** The arguments, with {@code --config FILE} as kube-scheduler has it in the form in which Spring reads properties. */
    static String[] withProperties(String... arguments) {
        List<String> properties = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--config") && i + 1 < arguments.length) {
                properties.add("--mokube.config=" + arguments[++i]);
            } else if (arguments[i].startsWith("--config=")) {
                properties.add("--mokube.config=" + arguments[i].substring("--config=".length()));
            } else {
                properties.add(arguments[i]);
            }
        }
        return properties.toArray(String[]::new);
    }

    @Bean
    Scheduler scheduler(Settings settings, MeterRegistry meters) {
        return new Scheduler(config(settings), new Platform(Clock.system(), new SecureRandom(), meters));
    }

    private static SchedulerConfig config(Settings settings) {
        Optional<SchedulerConfiguration> file =
                Optional.ofNullable(settings.config()).map(SchedulerConfiguration::read);
        Path kubeconfig = Optional.ofNullable(settings.kubeconfig())
                .or(() -> file.flatMap(SchedulerConfiguration::kubeconfig))
                .orElseThrow(() -> new IllegalArgumentException(
                        "MOKUBE_KUBECONFIG must name a kubeconfig, or the configuration file in clientConnection"));
        ClientConfig client = ClientConfig.fromKubeconfig(kubeconfig).withUserAgent("kube-scheduler");
        return file.map(stated -> SchedulerConfig.of(client, stated))
                .orElseGet(() -> SchedulerConfig.of(client)
                        .withSchedulerName(settings.schedulerName())
                        .withLeaderElection(settings.leaderElect()))
                .withIdentity(settings.identity());
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
