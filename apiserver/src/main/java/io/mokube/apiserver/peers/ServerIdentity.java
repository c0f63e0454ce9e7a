package io.mokube.apiserver.peers;

import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who an API server is: the machine's name makes its lease's name, as in Kubernetes, so a server that comes back finds its
 * lease again.
 *
 * @param hostname the name of the machine
 * @param instance tells this run of the server from others on that machine
 */
public record ServerIdentity(String hostname, UUID instance) {

    /** The label of all such leases. */
    static final String LABEL = "apiserver.kubernetes.io/identity";

    /** The value of that label. */
    static final String COMPONENT = "kube-apiserver";

    private static final String NAMESPACE = "kube-system";
    private static final Duration GOOD_FOR = Duration.ofHours(1);
    private static final int LONGEST_LABEL = 63;
    private static final int HASH_BYTES = 16;
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /** The lease's name: {@code apiserver-} and a hash of the machine's name. */
    public String name() {
        return "apiserver-" + base32(Arrays.copyOf(Sha256.of(hostname), HASH_BYTES));
    }

    /** In the alphabet of RFC 4648, in small letters and without padding. */
    private static String base32(byte[] sixteen) {
        // 128 bits are 25 letters and three bits, which are filled up to a letter.
        String digits = new BigInteger(1, sixteen).shiftLeft(2).toString(32);
        StringBuilder text = new StringBuilder("a".repeat(26 - digits.length()));
        digits.chars().forEach(digit -> text.append(ALPHABET.charAt(Character.digit(digit, 32))));
        return text.toString();
    }

    /** Where the lease is. */
    ObjectKey key() {
        return new ObjectKey(NAMESPACE, name());
    }

    /** The lease, renewed now. */
    KubeObject renew(@Nullable KubeObject present, Instant now) {
        KubeObject lease = present == null ? KubeObject.of("coordination.k8s.io/v1", "Lease") : present;
        lease.setMetadata("name", name());
        lease.setMetadata("namespace", NAMESPACE);
        ObjectNode labels = lease.metadata().withObjectProperty("labels");
        labels.put(LABEL, COMPONENT);
        if (hostname.length() <= LONGEST_LABEL) {
            labels.put("kubernetes.io/hostname", hostname);
        }
        ObjectNode spec = lease.root().withObjectProperty("spec");
        spec.put("holderIdentity", name() + "_" + instance);
        spec.put("leaseDurationSeconds", GOOD_FOR.toSeconds());
        spec.put("renewTime", MICROS.format(now));
        return lease;
    }

    /** Whether a lease was given up by its server, or is none that a server would write. */
    static boolean isExpired(KubeObject lease, Instant now) {
        JsonNode seconds = lease.at("spec", "leaseDurationSeconds");
        String renewed = lease.at("spec", "renewTime").asString("");
        if (!seconds.isNumber() || renewed.isEmpty()) {
            return true;
        }
        try {
            return Instant.parse(renewed).plusSeconds(seconds.asLong()).isBefore(now);
        } catch (DateTimeException e) {
            return true;
        }
    }
}
