package io.mokube.apiserver.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.StoreConfig;
import io.mokube.apiserver.audit.AuditConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
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

/** The API server as a Spring Boot service. */
@SpringBootApplication
@EnableConfigurationProperties(ApiServerApplication.Settings.class)
public class ApiServerApplication {

    /**
     * What can be set, as {@code mokube.*} properties or {@code MOKUBE_*} variables; see {@link ApiServerConfig}.
     *
     * @param etcdEndpoints the etcd cluster; when empty, the state is kept below the data directory
     * @param nodes the host names and addresses of each node to prepare credentials for
     */
    @ConfigurationProperties("mokube")
    public record Settings(
            @DefaultValue("0.0.0.0") String bindAddress,
            @Nullable String advertiseAddress,
            @DefaultValue("6443") int port,
            @DefaultValue("data") Path dataDirectory,
            @DefaultValue List<URI> etcdEndpoints,
            @Nullable Path etcdAuthority,
            @Nullable Path etcdCertificate,
            @Nullable Path etcdKey,
            @Nullable URI publicUri,
            @DefaultValue List<String> extraNames,
            @DefaultValue Map<String, List<String>> nodes,

            @DefaultValue(ApiServerConfig.DEFAULT_SERVICE_CIDR)
            String serviceCidr,

            @Nullable Path tokenFile,
            @Nullable Audit audit) {

        /**
         * What is audited; see {@link AuditConfig}. Without a policy nothing is.
         *
         * @param logMaxSize in megabytes
         * @param logMaxAge in days
         */
        public record Audit(
                @Nullable Path policyFile,
                @Nullable String logPath,
                @DefaultValue("100") int logMaxSize,
                @DefaultValue("0") int logMaxBackups,
                @DefaultValue("0") int logMaxAge,
                @Nullable Path webhookConfigFile,
                @DefaultValue("30s") Duration webhookMaxWait) {

            @Nullable
            AuditConfig config() {
                return policyFile == null
                        ? null
                        : new AuditConfig(
                                policyFile,
                                logPath,
                                logMaxSize,
                                logMaxBackups,
                                logMaxAge,
                                webhookConfigFile,
                                webhookMaxWait);
            }
        }

        ApiServerConfig config() {
            StoreConfig store = etcdEndpoints.isEmpty()
                    ? new StoreConfig.Embedded(dataDirectory.resolve("store"))
                    : new StoreConfig.Etcd(etcdEndpoints, etcdAuthority, etcdCertificate, etcdKey);
            List<ApiServerConfig.Node> prepared = nodes.entrySet().stream()
                    .map(node -> new ApiServerConfig.Node(node.getKey(), node.getValue()))
                    .toList();
            return new ApiServerConfig(
                            bindAddress,
                            port,
                            dataDirectory,
                            store,
                            publicUri,
                            extraNames,
                            prepared,
                            serviceCidr,
                            tokenFile,
                            OptionalInt.empty())
                    .withAdvertiseAddress(advertiseAddress)
                    .withAudit(audit == null ? null : audit.config());
        }
    }

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(ApiServerApplication.class, arguments);
    }

    @Bean
    ApiServer apiServer(Settings settings, MeterRegistry meters) {
        return new ApiServer(settings.config(), new Platform(Clock.system(), new SecureRandom(), meters));
    }

    @Bean
    HealthIndicator apiServerHealthIndicator(ApiServer server) {
        return () -> {
            Component.Readiness readiness = server.readiness();
            return (readiness.ready() ? Health.up() : Health.outOfService())
                    .withDetail("state", readiness.reason())
                    .build();
        };
    }

    @Bean
    SmartLifecycle apiServerLifecycle(ApiServer server) {
        return new SmartLifecycle() {
            private volatile boolean running;

            @Override
            public void start() {
                server.start();
                running = true;
            }

            @Override
            public void stop() {
                server.stop(Duration.ofSeconds(30));
                running = false;
            }

            @Override
            public boolean isRunning() {
                return running;
            }
        };
    }
}
