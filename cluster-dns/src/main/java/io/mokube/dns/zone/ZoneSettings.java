package io.mokube.dns.zone;

import io.mokube.machinery.names.ObjectKey;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.SOARecord;

/**
 * What the cluster's zone is like.
 *
 * @param domain such as {@code cluster.local.}
 * @param ttlSeconds how long others may keep what they were told
 * @param service the service by which the name servers are reached; its addresses are those of {@code ns.dns} in the zone
 */
public record ZoneSettings(Name domain, long ttlSeconds, ObjectKey service) {

    /** What CoreDNS answers when nothing else is said. */
    public static final long DEFAULT_TTL_SECONDS = 5;

    /** The service's usual name. */
    public static final ObjectKey SERVICE = new ObjectKey("kube-system", "kube-dns");

    private static final long REFRESH_SECONDS = 7200;
    private static final long RETRY_SECONDS = 1800;
    private static final long EXPIRE_SECONDS = 86400;

    /**
     * A zone with the usual settings.
     *
     * @throws IllegalArgumentException when that is no domain
     */
    public static ZoneSettings of(String domain) {
        String absolute = domain.endsWith(".") ? domain : domain + ".";
        return new ZoneSettings(Name.fromConstantString(absolute), DEFAULT_TTL_SECONDS, SERVICE);
    }

    public ZoneSettings withTtl(long seconds) {
        return new ZoneSettings(domain, seconds, service);
    }

    /** The name server's own name. */
    Name nameServer() {
        return under(domain, "ns", "dns");
    }

    /**
     * The record that goes with every answer that says no; its last number is for how long a no may be kept. Its serial
     * number is always 1: nobody copies this zone.
     */
    public SOARecord authority() {
        return new SOARecord(
                domain,
                DClass.IN,
                ttlSeconds,
                nameServer(),
                under(domain, "hostmaster"),
                1,
                REFRESH_SECONDS,
                RETRY_SECONDS,
                EXPIRE_SECONDS,
                ttlSeconds);
    }

    /** The name made of these labels in front of another name. */
    static Name under(Name parent, String... labels) {
        return Name.fromConstantString(String.join(".", labels) + "." + parent);
    }
}
