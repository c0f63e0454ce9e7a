package io.mokube.apiserver.audit;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is audited and where that goes.
 *
 * @param policyFile a file of kind {@code audit.k8s.io/v1 Policy}
 * @param logPath the log, a line of JSON for each event, {@code -} for the standard output, null for none
 * @param logMaxSizeMegabytes how large the log grows before another one is begun; 0 for 100
 * @param logMaxBackups how many old logs stay, 0 for all
 * @param logMaxAgeDays how long old logs stay, 0 for ever
 * @param webhookConfigFile a kubeconfig file that says to whom events are posted, null for nobody
 * @param webhookMaxWait how long an event may wait for others to be posted with it
 */
public record AuditConfig(
        Path policyFile,
        @Nullable String logPath,
        int logMaxSizeMegabytes,
        int logMaxBackups,
        int logMaxAgeDays,
        @Nullable Path webhookConfigFile,
        Duration webhookMaxWait) {

    /** Kubernetes' own. */
    public static final Duration STANDARD_WAIT = Duration.ofSeconds(30);
}
