package io.mokube.client.election;

import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;

/**
 * What an election is about and how fast it goes.
 *
 * @param lease the Lease that the leader holds
 * @param identity who this candidate is; different for every replica
 * @param leaseDuration how long others leave a leader alone that does not renew
 * @param renewDeadline how long a leader leads without a renewal; shorter than the lease, so that it stops before another
 *     one begins
 * @param retryPeriod the pause between two attempts
 */
public record ElectionConfig(
        ObjectKey lease, String identity, Duration leaseDuration, Duration renewDeadline, Duration retryPeriod) {

    public ElectionConfig {
        if (leaseDuration.compareTo(renewDeadline) <= 0 || renewDeadline.compareTo(retryPeriod) <= 0) {
            throw new IllegalArgumentException("an election needs lease duration > renew deadline > retry period");
        }
    }

    /** Kubernetes' own timing, 15 s, 10 s and 2 s, on a Lease in {@code kube-system}. */
    public static ElectionConfig standard(String leaseName, String identity) {
        return new ElectionConfig(
                new ObjectKey("kube-system", leaseName),
                identity,
                Duration.ofSeconds(15),
                Duration.ofSeconds(10),
                Duration.ofSeconds(2));
    }
}
