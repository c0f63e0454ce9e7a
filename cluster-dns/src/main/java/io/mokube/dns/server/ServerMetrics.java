package io.mokube.dns.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Type;

/** What is counted of queries and replies, under the names that CoreDNS gives them. */
public final class ServerMetrics {

    private static final Duration FIRST_BOUND = Duration.ofNanos(250_000);
    private static final int BOUNDS = 16;

    /** Types that clients ask for; others are counted together, as anybody can make up more. */
    private static final java.util.Set<Integer> COUNTED_TYPES = java.util.Set.of(
            Type.A,
            Type.AAAA,
            Type.ANY,
            Type.CNAME,
            Type.HTTPS,
            Type.MX,
            Type.NS,
            Type.PTR,
            Type.SOA,
            Type.SRV,
            Type.TXT);

    private final MeterRegistry meters;
    private final Name zone;
    private final String zoneName;
    private final Map<RequestKey, Requests> requests = new ConcurrentHashMap<>();
    private final Map<ReplyKey, Replies> replies = new ConcurrentHashMap<>();
    private final Counter dropped;

    private record RequestKey(boolean inZone, boolean tcp, int type) {}

    private record Requests(Counter count, DistributionSummary bytes) {}

    private record ReplyKey(boolean inZone, boolean tcp, int rcode) {}

    private record Replies(Counter count, DistributionSummary bytes, Timer duration) {}

    /**
     * @param zone the cluster's domain; other names are counted as those of the zone {@code .}
     */
    public ServerMetrics(MeterRegistry meters, Name zone) {
        this.meters = meters;
        this.zone = zone;
        this.zoneName = zone.toString();
        this.dropped = Counter.builder("coredns.dns.dropped")
                .description(
                        "Counter of queries refused because too many were waiting, and of messages that were none.")
                .register(meters);
    }

    void dropped() {
        dropped.increment();
    }

    void answered(Message query, int queryBytes, Message reply, int replyBytes, boolean tcp, long nanos) {
        boolean inZone =
                query.getQuestion() != null && query.getQuestion().getName().subdomain(zone);
        int type = query.getQuestion() == null ? 0 : query.getQuestion().getType();
        Requests request = requests.computeIfAbsent(
                new RequestKey(inZone, tcp, COUNTED_TYPES.contains(type) ? type : 0), this::requests);
        request.count().increment();
        request.bytes().record(queryBytes);
        Replies answer = replies.computeIfAbsent(new ReplyKey(inZone, tcp, reply.getRcode()), this::replies);
        answer.count().increment();
        answer.bytes().record(replyBytes);
        answer.duration().record(Duration.ofNanos(nanos));
    }

    private Requests requests(RequestKey key) {
        return new Requests(
                Counter.builder("coredns.dns.requests")
                        .description("Counter of DNS requests made per zone, protocol and type.")
                        .tag("zone", zone(key.inZone()))
                        .tag("proto", proto(key.tcp()))
                        .tag("type", key.type() == 0 ? "other" : Type.string(key.type()))
                        .register(meters),
                DistributionSummary.builder("coredns.dns.request.size")
                        .description("Size of the request in bytes.")
                        .baseUnit("bytes")
                        .tag("zone", zone(key.inZone()))
                        .tag("proto", proto(key.tcp()))
                        .tag("type", key.type() == 0 ? "other" : Type.string(key.type()))
                        .register(meters));
    }

    private Replies replies(ReplyKey key) {
        return new Replies(
                Counter.builder("coredns.dns.responses")
                        .description("Counter of response status codes.")
                        .tag("zone", zone(key.inZone()))
                        .tag("proto", proto(key.tcp()))
                        .tag("rcode", Rcode.string(key.rcode()))
                        .register(meters),
                DistributionSummary.builder("coredns.dns.response.size")
                        .description("Size of the response in bytes.")
                        .baseUnit("bytes")
                        .tag("zone", zone(key.inZone()))
                        .tag("proto", proto(key.tcp()))
                        .tag("rcode", Rcode.string(key.rcode()))
                        .register(meters),
                Timer.builder("coredns.dns.request.duration")
                        .description("Time each request took, by its zone and the response.")
                        .tag("zone", zone(key.inZone()))
                        .tag("proto", proto(key.tcp()))
                        .tag("rcode", Rcode.string(key.rcode()))
                        .serviceLevelObjectives(bounds())
                        .register(meters));
    }

    private static Duration[] bounds() {
        Duration[] bounds = new Duration[BOUNDS];
        for (int i = 0; i < BOUNDS; i++) {
            bounds[i] = FIRST_BOUND.multipliedBy(1L << i);
        }
        return bounds;
    }

    private String zone(boolean inZone) {
        return inZone ? zoneName : ".";
    }

    private static String proto(boolean tcp) {
        return tcp ? "tcp" : "udp";
    }
}
