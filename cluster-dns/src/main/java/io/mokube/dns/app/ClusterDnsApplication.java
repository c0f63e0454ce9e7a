package io.mokube.dns.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.dns.ClusterDns;
import io.mokube.dns.ClusterDnsConfig;
import io.mokube.dns.endpoint.EndpointConfig;
import io.mokube.dns.forward.ResolvConf;
import io.mokube.dns.zone.ZoneSettings;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
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

/** The name server as a Spring Boot service. */
@SpringBootApplication
@EnableConfigurationProperties(ClusterDnsApplication.Settings.class)
public class ClusterDnsApplication {

    /**
     * What can be set, as {@code mokube.*} properties or {@code MOKUBE_*} variables.
     *
     * @param kubeconfig the file that names the API server and holds the credentials
     * @param instance the name of this instance, the same after a restart and no other's
     * @param address where queries are taken, and where pods reach this instance
     * @param port where queries are taken
     * @param clusterDomain the cluster's domain
     * @param serviceAddress the cluster IP of the service kube-system/kube-dns
     * @param ttl how long clients may keep answers about the cluster, in seconds
     * @param resolvConf the file that lists whom to ask for other names
     * @param nodeName the node this instance runs on, if it does
     * @param metricsPort where this instance's metrics are
     */
    @ConfigurationProperties("mokube")
    public record Settings(
            Path kubeconfig,
            String instance,
            String address,
            @DefaultValue("53") int port,

            @DefaultValue(ClusterDnsConfig.DEFAULT_DOMAIN) String clusterDomain,

            @DefaultValue(ClusterDnsConfig.DEFAULT_SERVICE_ADDRESS)
            String serviceAddress,

            @DefaultValue("5") long ttl,
            @DefaultValue("/etc/resolv.conf") Path resolvConf,
            @Nullable String nodeName,
            @DefaultValue("9153") int metricsPort) {}

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(ClusterDnsApplication.class, arguments);
    }

    @Bean
    ClusterDns clusterDns(Settings settings, MeterRegistry meters) throws UnknownHostException {
        EndpointConfig endpoint = EndpointConfig.of(settings.instance(), settings.address(), settings.serviceAddress())
                .withMetricsPort(settings.metricsPort());
        String node = settings.nodeName();
        ClusterDnsConfig config = ClusterDnsConfig.of(
                        ClientConfig.fromKubeconfig(settings.kubeconfig()),
                        new InetSocketAddress(InetAddress.getByName(settings.address()), settings.port()))
                .withZone(ZoneSettings.of(settings.clusterDomain()).withTtl(settings.ttl()))
                .withUpstreams(ResolvConf.nameServers(settings.resolvConf()))
                .withEndpoint(node == null ? endpoint : endpoint.withNode(node));
        return new ClusterDns(config, new Platform(Clock.system(), new SecureRandom(), meters));
    }

    @Bean
    HealthIndicator clusterDnsHealthIndicator(ClusterDns dns) {
        return () -> {
            var readiness = dns.readiness();
            return (readiness.ready() ? Health.up() : Health.outOfService())
                    .withDetail("state", readiness.reason())
                    .build();
        };
    }

    @Bean
    SmartLifecycle clusterDnsLifecycle(ClusterDns dns) {
        return new SmartLifecycle() {
            private volatile boolean running;

            @Override
            public void start() {
                dns.start();
                running = true;
            }

            @Override
            public void stop() {
                dns.stop(Duration.ofSeconds(10));
                running = false;
            }

            @Override
            public boolean isRunning() {
                return running;
            }
        };
    }
}
