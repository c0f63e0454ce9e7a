package io.mokube.dns;

import io.mokube.dns.answer.Replies;
import io.mokube.dns.answer.ZoneAnswers;
import io.mokube.dns.answer.ZoneAnswers.Answer;
import io.mokube.dns.forward.Forwarder;
import io.mokube.dns.server.QueryHandler;
import io.mokube.dns.zone.ClusterZone;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;

/** Answers queries from the cluster's zone, and asks others for what is not in it. Safe for use by many threads. */
public final class ClusterQueries implements QueryHandler {

    private static final Logger log = LoggerFactory.getLogger(ClusterQueries.class);

    private final Supplier<Optional<ClusterZone>> zones;
    private final Forwarder forwarder;
    private final AtomicInteger turn = new AtomicInteger();

    /**
     * @param zones the zone at this moment; empty while it is not known, when every query fails
     */
    public ClusterQueries(Supplier<Optional<ClusterZone>> zones, Forwarder forwarder) {
        this.zones = zones;
        this.forwarder = forwarder;
    }

    @Override
    public Reaction react(Message query) {
        Message refusal = Replies.refusal(query);
        if (refusal != null) {
            return new Reaction.Reply(refusal);
        }
        Optional<ClusterZone> zone = zones.get();
        if (zone.isEmpty()) {
            return new Reaction.Reply(Replies.to(query, Rcode.SERVFAIL));
        }
        return switch (ZoneAnswers.answer(query, zone.get(), turn.getAndIncrement())) {
            case Answer.Complete(Message reply) -> new Reaction.Reply(reply);
            case Answer.Continued(Message reply, Name target) ->
                later(query, () -> forwarder.complete(query, reply, target));
            case Answer.Elsewhere() ->
                forwarder
                        .known(query)
                        .<Reaction>map(Reaction.Reply::new)
                        .orElseGet(() -> later(query, () -> forwarder.resolve(query)));
        };
    }

    private static Reaction later(Message query, Supplier<Message> reply) {
        return new Reaction.Later(() -> {
            try {
                return reply.get();
            } catch (RuntimeException e) {
                log.atError()
                        .setMessage("a query could not be answered")
                        .addKeyValue("question", query.getQuestion())
                        .setCause(e)
                        .log();
                return Replies.to(query, Rcode.SERVFAIL);
            }
        });
    }
}
