package io.mokube.ingress.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.ingress.IngressConfig;
import io.mokube.ingress.IngressRouter;
import io.mokube.ingress.serve.Timeouts;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
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

/** The ingress as a Spring Boot service. */
@SpringBootApplication
@EnableConfigurationProperties(IngressApplication.Settings.class)
public class IngressApplication {

    /**
     * What can be set, as {@code mokube.*} properties or {@code MOKUBE_*} variables.
     *
     * @param kubeconfig the file that names the API server and holds the credentials
     * @param instance the name of this instance, the same after a restart and no other's
     * @param bindAddress where requests are taken
     * @param httpPort in the clear
     * @param httpsPort over TLS
     * @param address where the nodes reach this instance; published behind kube-system/mokube-ingress when it is set
     * @param nodeName the node this instance runs on, if it does
     * @param connectTimeout how long an endpoint has to take a connection
     * @param silenceTimeout how long an endpoint may say nothing
     */
    @ConfigurationProperties("mokube")
    public record Settings(
            Path kubeconfig,
            @DefaultValue("ingress") String instance,
            @DefaultValue("0.0.0.0") String bindAddress,
            @DefaultValue("80") int httpPort,
            @DefaultValue("443") int httpsPort,
            @Nullable String address,
            @Nullable String nodeName,
            @DefaultValue("2s") Duration connectTimeout,
            @DefaultValue("60s") Duration silenceTimeout) {}

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(IngressApplication.class, arguments);
    }

    @Bean
    IngressRouter ingressRouter(Settings settings, MeterRegistry meters) {
        IngressConfig config = new IngressConfig(
                ClientConfig.fromKubeconfig(settings.kubeconfig()),
                settings.instance(),
                new InetSocketAddress(settings.bindAddress(), settings.httpPort()),
                new InetSocketAddress(settings.bindAddress(), settings.httpsPort()),
                Optional.ofNullable(settings.address()),
                Optional.ofNullable(settings.nodeName()),
                new Timeouts(settings.connectTimeout(), settings.silenceTimeout()),
                IngressConfig.Presence.STANDARD);
        return new IngressRouter(config, new Platform(Clock.system(), new SecureRandom(), meters));
    }

    @Bean
    HealthIndicator ingressHealthIndicator(IngressRouter ingress) {
        return () -> {
            var readiness = ingress.readiness();
            return (readiness.ready() ? Health.up() : Health.outOfService())
                    .withDetail("state", readiness.reason())
                    .build();
        };
    }

    @Bean
    SmartLifecycle ingressLifecycle(IngressRouter ingress) {
        return new SmartLifecycle() {
            private volatile boolean running;

            @Override
            public void start() {
                ingress.start();
                running = true;
            }

            @Override
            public void stop() {
                ingress.stop(Duration.ofSeconds(10));
                running = false;
            }

            @Override
            public boolean isRunning() {
                return running;
            }
        };
    }
}
