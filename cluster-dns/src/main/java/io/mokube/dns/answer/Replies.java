package io.mokube.dns.answer;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Makes replies to queries, and cuts them to what the other side takes. */
public final class Replies {

    /** The longest datagram that is sent, whatever the client offers: longer ones get lost in pieces. */
    public static final int MOST_UDP_BYTES = 1232;

    /** What every client takes. */
    private static final int LEAST_UDP_BYTES = 512;

    private Replies() {}

    /** A reply without records. */
    public static Message to(Message query, int rcode) {
        Header asked = query.getHeader();
        Message reply = new Message(asked.getID());
        Header header = reply.getHeader();
        header.setOpcode(asked.getOpcode());
        header.setFlag(Flags.QR);
        header.setFlag(Flags.RA);
        if (asked.getFlag(Flags.RD)) {
            header.setFlag(Flags.RD);
        }
        if (asked.getFlag(Flags.CD)) {
            header.setFlag(Flags.CD);
        }
        header.setRcode(rcode & 0xF);
        for (Record question : query.getSection(Section.QUESTION)) {
            reply.addRecord(question, Section.QUESTION);
        }
        OPTRecord extension = query.getOPT();
        if (extension != null) {
            // Flags are given back: DO says that the client understands signatures.
            reply.addRecord(new OPTRecord(MOST_UDP_BYTES, rcode >> 4, 0, extension.getFlags()), Section.ADDITIONAL);
        }
        return reply;
    }

    /** What is wrong with a query, as a reply; null when it is one that can be answered. */
    public static @Nullable Message refusal(Message query) {
        if (query.getHeader().getOpcode() != Opcode.QUERY) {
            return to(query, Rcode.NOTIMP);
        }
        List<Record> questions = query.getSection(Section.QUESTION);
        if (questions.size() != 1) {
            return to(query, Rcode.FORMERR);
        }
        OPTRecord extension = query.getOPT();
        if (extension != null && extension.getVersion() != 0) {
            return to(query, Rcode.BADVERS);
        }
        Record question = questions.getFirst();
        if (question.getDClass() != DClass.IN) {
            return to(query, Rcode.REFUSED);
        }
        return switch (question.getType()) {
            // The zone is not for copying.
            case Type.AXFR, Type.IXFR -> to(query, Rcode.REFUSED);
            case Type.MAILA, Type.MAILB, Type.TKEY, Type.TSIG, Type.OPT -> to(query, Rcode.NOTIMP);
            default -> null;
        };
    }

    /** How long a datagram to the sender of a query may be. */
    public static int udpLimit(Message query) {
        OPTRecord extension = query.getOPT();
        return extension == null
                ? LEAST_UDP_BYTES
                : Math.clamp(extension.getPayloadSize(), LEAST_UDP_BYTES, MOST_UDP_BYTES);
    }

    /**
     * The reply's bytes, no more than a number of them. What is merely helpful is left out first, without a word; when
     * not even the answers fit, as many are sent as do, marked as truncated, so that the client asks again over TCP and
     * one that can't has at least these.
     */
    public static byte[] bytes(Message reply, int limit) {
        byte[] all = reply.toWire();
        if (all.length <= limit) {
            return all;
        }
        List<Record> answers = reply.getSection(Section.ANSWER);
        byte[] without = first(reply, answers, answers.size(), false).toWire();
        if (without.length <= limit) {
            return without;
        }
        int fit = 0;
        int most = answers.size();
        while (fit < most) {
            int middle = (fit + most + 1) / 2;
            if (first(reply, answers, middle, true).toWire().length <= limit) {
                fit = middle;
            } else {
                most = middle - 1;
            }
        }
        return first(reply, answers, fit, true).toWire();
    }

    private static Message first(Message reply, List<Record> answers, int count, boolean truncated) {
        Message part = reply.clone();
        part.removeAllRecords(Section.ADDITIONAL);
        part.removeAllRecords(Section.ANSWER);
        answers.subList(0, count).forEach(each -> part.addRecord(each, Section.ANSWER));
        OPTRecord extension = reply.getOPT();
        if (extension != null) {
            part.addRecord(extension, Section.ADDITIONAL);
        }
        if (truncated) {
            part.removeAllRecords(Section.AUTHORITY);
            part.getHeader().setFlag(Flags.TC);
        }
        return part;
    }
}
