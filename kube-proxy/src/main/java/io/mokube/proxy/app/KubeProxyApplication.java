package io.mokube.proxy.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import io.mokube.proxy.KubeProxy;
import io.mokube.proxy.KubeProxyConfig;
import io.mokube.proxy.announce.AnnouncerConfig;
import io.mokube.proxy.announce.LoadBalancerAnnouncer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;

/** kube-proxy as a Spring Boot service. */
@SpringBootApplication
@EnableConfigurationProperties(KubeProxyApplication.Settings.class)
public class KubeProxyApplication {

    /**
     * What can be set, as {@code mokube.*} properties or {@code MOKUBE_*} variables.
     *
     * @param kubeconfig the file that names the API server and holds the credentials
     * @param nodeName the name of the node that this machine is
     * @param mode what becomes of the rules
     * @param clusterCidr the addresses of all pods, of one or both families
     * @param nodePortAddresses ranges of this machine's addresses that have node ports; those the node reports when absent
     * @param syncPeriod how often it is looked whether the rules are still there
     * @param minSyncPeriod how long the next change waits after one at least
     * @param healthzPort where {@code /healthz} answers
     * @param announceLoadBalancers whether this machine answers at addresses of load balancers that its node owns: those
     *     of the controller manager's pool. Not where a cloud gives such addresses
     */
    @ConfigurationProperties("mokube")
    public record Settings(
            Path kubeconfig,
            String nodeName,
            @DefaultValue("nftables") KubeProxyConfig.Mode mode,
            @DefaultValue List<String> clusterCidr,
            @DefaultValue List<String> nodePortAddresses,
            @DefaultValue("30s") Duration syncPeriod,
            @DefaultValue("100ms") Duration minSyncPeriod,
            @DefaultValue("10256") int healthzPort,
            @DefaultValue("false") boolean announceLoadBalancers) {}

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(KubeProxyApplication.class, arguments);
    }

    @Bean
    KubeProxy kubeProxy(Settings settings, MeterRegistry meters) {
        KubeProxyConfig config = KubeProxyConfig.of(
                        ClientConfig.fromKubeconfig(settings.kubeconfig()).withUserAgent("kube-proxy"),
                        settings.nodeName())
                .withMode(settings.mode())
                .withClusterCidrs(ranges(settings.clusterCidr()))
                .withNodePortAddresses(nodePortAddresses(settings.nodePortAddresses()))
                .withPeriods(settings.syncPeriod(), settings.minSyncPeriod())
                .withHealthPort(settings.healthzPort());
        return new KubeProxy(config, new Platform(Clock.system(), new SecureRandom(), meters));
    }

    /** Kubernetes' word for the node's own addresses is the same as saying nothing. */
    private static List<Cidr> nodePortAddresses(List<String> texts) {
        return texts.equals(List.of("primary")) ? List.of() : ranges(texts);
    }

    private static List<Cidr> ranges(List<String> texts) {
        return texts.stream().map(Cidr::of).toList();
    }

    @Bean
    @ConditionalOnBooleanProperty("mokube.announce-load-balancers")
    SmartLifecycle announcerLifecycle(Settings settings, MeterRegistry meters) {
        return lifecycle(new LoadBalancerAnnouncer(
                new AnnouncerConfig(
                        ClientConfig.fromKubeconfig(settings.kubeconfig()).withUserAgent("load-balancer-announcer"),
                        Set.of(settings.nodeName()),
                        AnnouncerConfig.DEFAULT_DEVICE,
                        Optional.empty()),
                new Platform(Clock.system(), new SecureRandom(), meters)));
    }

    @Bean
    HealthIndicator proxyHealthIndicator(KubeProxy proxy) {
        return () -> {
            var readiness = proxy.readiness();
            return (readiness.ready() ? Health.up() : Health.outOfService())
                    .withDetail("state", readiness.reason())
                    .build();
        };
    }

    @Bean
    SmartLifecycle proxyLifecycle(KubeProxy proxy) {
        return lifecycle(proxy);
    }

    private static SmartLifecycle lifecycle(Component component) {
        return new SmartLifecycle() {
            private volatile boolean running;

            @Override
            public void start() {
                component.start();
                running = true;
            }

            @Override
            public void stop() {
                component.stop(Duration.ofSeconds(10));
                running = false;
            }

            @Override
            public boolean isRunning() {
                return running;
            }
        };
    }
}
