package io.mokube.controllermanager.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.controllermanager.ClusterKeys;
import io.mokube.controllermanager.ControllerManager;
import io.mokube.controllermanager.ControllerManagerConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Component.Readiness;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;

/**
 * The controller manager as a Spring Boot service. It needs {@code mokube.kubeconfig}; the other settings are those of
 * kube-controller-manager by name, and each may be left out.
 */
@SpringBootApplication
public class ControllerManagerApplication {

    private static final Duration GRACE = Duration.ofSeconds(10);

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(ControllerManagerApplication.class, arguments);
    }

    @Bean
    ControllerManager controllerManager(
            @Value("${mokube.kubeconfig}") Path kubeconfig,
            @Value("${mokube.cluster-signing-cert-file:}") String signingCertificate,
            @Value("${mokube.cluster-signing-key-file:}") String signingKey,
            @Value("${mokube.cluster-signing-duration:365d}") Duration signingDuration,
            @Value("${mokube.service-account-private-key-file:}") String serviceAccountKey,
            @Value("${mokube.host-path-volumes:}") String hostPathVolumes,
            MeterRegistry meters) {
        ClusterKeys keys = ClusterKeys.NONE;
        if (!signingCertificate.isEmpty() && !signingKey.isEmpty()) {
            keys = keys.withSigning(Path.of(signingCertificate), Path.of(signingKey), signingDuration);
        }
        if (!serviceAccountKey.isEmpty()) {
            keys = keys.withServiceAccounts(Path.of(serviceAccountKey));
        }
        ControllerManagerConfig config = ControllerManagerConfig.standard(ClientConfig.fromKubeconfig(kubeconfig))
                .withKeys(keys);
        if (!hostPathVolumes.isEmpty()) {
            config = config.withHostPathVolumes(Path.of(hostPathVolumes));
        }
        return new ControllerManager(config, new Platform(Clock.system(), new SecureRandom(), meters));
    }

    @Bean
    HealthIndicator controllerManagerHealth(ControllerManager manager) {
        return () -> {
            Readiness readiness = manager.readiness();
            return (readiness.ready() ? Health.up() : Health.outOfService())
                    .withDetail("reason", readiness.reason())
                    .withDetail("leader", manager.isLeader())
                    .build();
        };
    }

    @Bean
    SmartLifecycle controllerManagerLifecycle(ControllerManager manager) {
        return new SmartLifecycle() {
            private volatile boolean running;

            @Override
            public void start() {
                manager.start();
                running = true;
            }

            @Override
            public void stop() {
                running = false;
                manager.stop(GRACE);
            }

            @Override
            public boolean isRunning() {
                return running;
            }
        };
    }
}
