package io.mokube.scheduler.extender;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An entry of {@code extenders} in a KubeSchedulerConfiguration. A verb that is empty is not the extender's business.
 *
 * @param urlPrefix what the verbs are appended to
 * @param weight how much its scores count
 * @param https whether to speak TLS; without authorities the server is not checked, as in kube-scheduler
 * @param timeout for one answer
 * @param nodeCacheCapable whether it knows the nodes, so that their names are enough
 * @param managedResources only pods that ask for one of these concern it; all do when there are none
 * @param ignorable whether scheduling goes on while it fails
 */
public record ExtenderConfig(
        String urlPrefix,
        String filterVerb,
        String preemptVerb,
        String prioritizeVerb,
        String bindVerb,
        int weight,
        boolean https,
        Tls tls,
        Duration timeout,
        boolean nodeCacheCapable,
        List<ManagedResource> managedResources,
        boolean ignorable) {

    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

    public ExtenderConfig {
        managedResources = List.copyOf(managedResources);
    }

    /**
     * A resource that the extender looks after.
     *
     * @param ignoredByScheduler whether the scheduler does not look whether a node has enough of it
     */
    public record ManagedResource(String name, boolean ignoredByScheduler) {}

    /**
     * Whom to trust and who one is.
     *
     * @param insecure whether not to check the server
     * @param serverName what the server's certificate must say, {@code ""} for the URL's host
     * @param certificatePem the client's certificate, null for none
     * @param keyPem its key
     * @param caPem whom to trust, null for nobody in particular
     */
    public record Tls(
            boolean insecure,
            String serverName,
            @Nullable String certificatePem,
            @Nullable String keyPem,
            @Nullable String caPem) {

        public static final Tls NONE = new Tls(false, "", null, null, null);

        /** Says nothing of the key. */
        @Override
        public String toString() {
            return "Tls[insecure=" + insecure + ", serverName=" + serverName + "]";
        }
    }
}
