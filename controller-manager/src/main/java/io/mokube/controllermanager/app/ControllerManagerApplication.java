package io.mokube.controllermanager.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.controllermanager.ClusterKeys;
import io.mokube.controllermanager.ControllerManager;
import io.mokube.controllermanager.ControllerManagerConfig;
import io.mokube.controllermanager.controllers.loadbalancer.AddressPool;
import io.mokube.controllermanager.controllers.nodeipam.NodeIpamConfig;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeLifecycleConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Component.Readiness;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
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

/**
 * The controller manager as a Spring Boot service. It needs {@code mokube.kubeconfig}; the other settings are those of
 * kube-controller-manager by name, and each may be left out.
 */
@SpringBootApplication
@EnableConfigurationProperties(ControllerManagerApplication.Settings.class)
public class ControllerManagerApplication {

    private static final Duration GRACE = Duration.ofSeconds(10);

    /**
     * What can be set, as {@code mokube.*} properties or {@code MOKUBE_*} variables.
     *
     * @param kubeconfig the file that names the API server and holds the controllers' credentials
     * @param allocateNodeCidrs whether nodes get the ranges of their pods' addresses from here
     * @param clusterCidr the range of all pods, or one of each address family
     * @param nodeCidrMaskSizeIpv4 the prefix of a node's part
     * @param nodeCidrMaskSizeIpv6 the same for IPv6
     * @param serviceCidr ranges of services, which no node gets
     * @param clusterSigningCertFile the authority that signs certificate requests, and its key
     * @param clusterSigningDuration how long such certificates live at most
     * @param serviceAccountPrivateKeyFile the key of the tokens in secrets
     * @param hostPathVolumes the folder of volumes that {@code kubernetes.io/host-path} makes
     * @param loadBalancerPool blocks, ranges and addresses for services of type LoadBalancer
     * @param nodeMonitorGracePeriod how long a node may be silent until it counts as unreachable; several times its lease's
     *     renewal, which is every 10 s
     * @param nodeMonitorPeriod how often each node is looked at
     */
    @ConfigurationProperties("mokube")
    public record Settings(
            Path kubeconfig,
            @DefaultValue("false") boolean allocateNodeCidrs,
            @DefaultValue("10.244.0.0/16") List<String> clusterCidr,
            @DefaultValue("24") int nodeCidrMaskSizeIpv4,
            @DefaultValue("64") int nodeCidrMaskSizeIpv6,
            @DefaultValue List<String> serviceCidr,
            @Nullable Path clusterSigningCertFile,
            @Nullable Path clusterSigningKeyFile,
            @DefaultValue("365d") Duration clusterSigningDuration,
            @Nullable Path serviceAccountPrivateKeyFile,
            @Nullable Path hostPathVolumes,
            @DefaultValue List<String> loadBalancerPool,
            @DefaultValue("50s") Duration nodeMonitorGracePeriod,
            @DefaultValue("5s") Duration nodeMonitorPeriod) {

        ClusterKeys keys() {
            ClusterKeys keys = ClusterKeys.NONE;
            if (clusterSigningCertFile != null && clusterSigningKeyFile != null) {
                keys = keys.withSigning(clusterSigningCertFile, clusterSigningKeyFile, clusterSigningDuration);
            }
            return serviceAccountPrivateKeyFile == null ? keys : keys.withServiceAccounts(serviceAccountPrivateKeyFile);
        }

        NodeIpamConfig nodeIpam() {
            return allocateNodeCidrs
                    ? new NodeIpamConfig(
                            clusterCidr.stream()
                                    .map(cidr -> new NodeIpamConfig.Range(
                                            cidr, cidr.indexOf(':') < 0 ? nodeCidrMaskSizeIpv4 : nodeCidrMaskSizeIpv6))
                                    .toList(),
                            serviceCidr)
                    : NodeIpamConfig.OFF;
        }
    }

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(ControllerManagerApplication.class, arguments);
    }

    @Bean
    ControllerManager controllerManager(Settings settings, MeterRegistry meters) {
        ControllerManagerConfig config = ControllerManagerConfig.standard(
                        ClientConfig.fromKubeconfig(settings.kubeconfig()))
                .withNodeLifecycle(NodeLifecycleConfig.STANDARD.withGrace(
                        settings.nodeMonitorGracePeriod(), settings.nodeMonitorPeriod()))
                .withNodeIpam(settings.nodeIpam())
                .withKeys(settings.keys())
                .withLoadBalancerPool(AddressPool.parse(settings.loadBalancerPool()));
        Path volumes = settings.hostPathVolumes();
        if (volumes != null) {
            config = config.withHostPathVolumes(volumes);
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
