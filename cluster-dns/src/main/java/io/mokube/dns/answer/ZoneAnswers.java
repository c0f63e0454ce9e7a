package io.mokube.dns.answer;

import io.mokube.dns.zone.ClusterZone;
import io.mokube.dns.zone.Lookup;
import java.util.List;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Answers queries from the zone of the cluster. */
public final class ZoneAnswers {

    /** So many names may lead from one to the next. */
    private static final int MOST_ALIASES = 8;

    private ZoneAnswers() {}

    /** What the zone has to say to a query. */
    public sealed interface Answer {

        /** All there is to say. */
        record Complete(Message reply) implements Answer {}

        /** The name leads out of the cluster: what is found under the target is to be added. */
        record Continued(Message reply, Name target) implements Answer {}

        /** The zone knows nothing of such names. */
        record Elsewhere() implements Answer {}
    }

    /**
     * Answers a query that {@link Replies#refusal} found nothing wrong with.
     *
     * @param turn which of several records comes first, so that clients that take the first one spread
     */
    public static Answer answer(Message query, ClusterZone zone, int turn) {
        Record question = query.getQuestion();
        int type = question.getType();
        Name name = question.getName();
        Message reply = Replies.to(query, Rcode.NOERROR);
        reply.getHeader().setFlag(Flags.AA);
        for (int step = 0; step < MOST_ALIASES; step++) {
            switch (zone.lookup(name, type)) {
                case Lookup.Found(List<Record> records, List<Record> additional) -> {
                    int count = records.size();
                    int start = type == Type.ANY ? 0 : Math.floorMod(turn, count);
                    for (int i = 0; i < count; i++) {
                        reply.addRecord(records.get((start + i) % count), Section.ANSWER);
                    }
                    additional.forEach(each -> reply.addRecord(each, Section.ADDITIONAL));
                    return new Answer.Complete(reply);
                }
                case Lookup.Alias(var alias) -> {
                    reply.addRecord(alias, Section.ANSWER);
                    name = alias.getTarget();
                }
                case Lookup.NoData() -> {
                    reply.addRecord(zone.settings().authority(), Section.AUTHORITY);
                    return new Answer.Complete(reply);
                }
                case Lookup.NoSuchName() -> {
                    reply.getHeader().setRcode(Rcode.NXDOMAIN);
                    reply.addRecord(zone.settings().authority(), Section.AUTHORITY);
                    return new Answer.Complete(reply);
                }
                case Lookup.Elsewhere() -> {
                    return step == 0 ? new Answer.Elsewhere() : new Answer.Continued(reply, name);
                }
            }
        }
        // The aliases lead in a circle.
        return new Answer.Complete(Replies.to(query, Rcode.SERVFAIL));
    }
}
