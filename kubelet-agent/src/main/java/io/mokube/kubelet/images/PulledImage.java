package io.mokube.kubelet.images;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An image that this agent pulled, as Kubernetes' {@code ImagePulledRecord} has it: which credentials were right, by the name
 * under which it was pulled.
 *
 * @param imageRef the runtime's own name of the image
 * @param credentialMapping by the image's name without tag and digest
 */
record PulledImage(
        String kind,
        String apiVersion,
        Instant lastUpdatedTime,
        String imageRef,
        Map<String, Credentials> credentialMapping) {

    /** Beyond so many secrets, one that is found to be right is not noted for the next time. */
    private static final int MOST_LEARNED = 100;

    /**
     * What was right for a name.
     *
     * @param nodePodsAccessible whether it took no secret
     */
    record Credentials(List<PullSecret> kubernetesSecrets, boolean nodePodsAccessible) {
        static final Credentials UNKNOWN = new Credentials(List.of(), false);
        static final Credentials NONE_NEEDED = new Credentials(List.of(), true);

        Credentials {
            kubernetesSecrets = Objects.requireNonNullElse(kubernetesSecrets, List.of());
        }

        private Credentials with(PullSecret secret) {
            List<PullSecret> all = new ArrayList<>(kubernetesSecrets);
            all.removeIf(secret::sameObject);
            all.add(secret);
            all.sort(Comparator.comparing(PullSecret::namespace)
                    .thenComparing(PullSecret::name)
                    .thenComparing(PullSecret::uid));
            return new Credentials(all, false);
        }
    }

    /** Of an image of which it is known only that it was pulled. */
    static PulledImage of(String imageRef, Instant now) {
        return new PulledImage("ImagePulledRecord", "kubelet.config.k8s.io/v1beta1", now, imageRef, Map.of());
    }

    /** After a pull that was right with this secret, or without any. */
    PulledImage pulled(String repository, Optional<PullSecret> with, Instant now) {
        Credentials known = credentialMapping.getOrDefault(repository, Credentials.UNKNOWN);
        Credentials next =
                known.nodePodsAccessible() ? known : with.map(known::with).orElse(Credentials.NONE_NEEDED);
        if (next.equals(credentialMapping.get(repository))) {
            return this;
        }
        Map<String, Credentials> all = new TreeMap<>(credentialMapping);
        all.put(repository, next);
        return new PulledImage(kind, apiVersion, now, imageRef, all);
    }

    /** Whether whoever has none of these secrets, too, may use the image under that name. */
    boolean isOpen(String repository) {
        return credentialMapping.getOrDefault(repository, Credentials.UNKNOWN).nodePodsAccessible();
    }

    /**
     * The first of the secrets that opens the image: its login was right before, or it is an object that was right before, with
     * another login by now.
     */
    Optional<PullSecret> opening(String repository, List<PullSecret> offered) {
        List<PullSecret> right =
                credentialMapping.getOrDefault(repository, Credentials.UNKNOWN).kubernetesSecrets();
        return offered.stream()
                .filter(secret -> right.stream()
                        .anyMatch(each -> each.credentialHash().equals(secret.credentialHash())
                                || (each.sameObject(secret) && right.size() < MOST_LEARNED)))
                .findFirst();
    }

    /** Whether there is room to note one more secret for a name. */
    boolean learns(String repository) {
        return credentialMapping
                        .getOrDefault(repository, Credentials.UNKNOWN)
                        .kubernetesSecrets()
                        .size()
                < MOST_LEARNED;
    }
}
