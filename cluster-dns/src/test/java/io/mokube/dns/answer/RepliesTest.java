package io.mokube.dns.answer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class RepliesTest {

    private static final Name NAME = Name.fromConstantString("many.default.svc.cluster.local.");

    private static Message query(int type, int dclass) {
        return Message.newQuery(Record.newRecord(NAME, type, dclass));
    }

    private static Message withAddresses(Message query, int answers, int additional) {
        Message reply = Replies.to(query, Rcode.NOERROR);
        for (int i = 0; i < answers + additional; i++) {
            byte[] address = {10, 0, (byte) (i >> 8), (byte) i};
            reply.addRecord(
                    new ARecord(NAME, DClass.IN, 5, address), i < answers ? Section.ANSWER : Section.ADDITIONAL);
        }
        return reply;
    }

    @ParameterizedTest
    @CsvSource({"-1, 512", "0, 512", "600, 600", "1232, 1232", "4096, 1232"})
    void datagramsAreAsLongAsTheClientTakesButNotLonger(int offered, int limit) {
        Message query = query(Type.A, DClass.IN);
        if (offered >= 0) {
            query.addRecord(new OPTRecord(offered, 0, 0), Section.ADDITIONAL);
        }
        assertThat(Replies.udpLimit(query)).isEqualTo(limit);
    }

    @Test
    void whatFitsIsSentWhole() throws IOException {
        Message reply = withAddresses(query(Type.A, DClass.IN), 10, 2);
        Message sent = new Message(Replies.bytes(reply, 512));
        assertThat(sent.getHeader().getFlag(Flags.TC)).isFalse();
        assertThat(sent.getSection(Section.ANSWER)).hasSize(10);
        assertThat(sent.getSection(Section.ADDITIONAL)).hasSize(2);
    }

    @Test
    void whatMerelyHelpsIsLeftOutFirst() throws IOException {
        Message sent = new Message(Replies.bytes(withAddresses(query(Type.A, DClass.IN), 20, 200), 512));
        assertThat(sent.getHeader().getFlag(Flags.TC)).isFalse();
        assertThat(sent.getSection(Section.ANSWER)).hasSize(20);
        assertThat(sent.getSection(Section.ADDITIONAL)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"512", "1232"})
    void asManyAnswersAsFitAreSentTruncated(int limit) throws IOException {
        Message query = query(Type.A, DClass.IN);
        query.addRecord(new OPTRecord(limit, 0, 0), Section.ADDITIONAL);
        byte[] bytes = Replies.bytes(withAddresses(query, 500, 0), limit);
        Message sent = new Message(bytes);
        int recordBytes = 16;
        assertThat(bytes.length).isBetween(limit - recordBytes + 1, limit);
        assertThat(sent.getHeader().getFlag(Flags.TC)).isTrue();
        assertThat(sent.getOPT()).isNotNull();
    }

    @Test
    void theSpellingOfTheQuestionIsKept() throws IOException {
        Name spelled = Name.fromConstantString("mAnY.default.svc.cluster.LOCAL.");
        Message query = Message.newQuery(Record.newRecord(spelled, Type.A, DClass.IN));
        Message sent = new Message(Replies.bytes(withAddresses(query, 1, 0), 512));
        assertThat(sent.getQuestion().getName().toString()).isEqualTo(spelled.toString());
        assertThat(sent.getSection(Section.ANSWER).getFirst().getName().toString())
                .isEqualTo(spelled.toString());
    }

    @Test
    void refusesWhatItDoesNotDo() {
        assertThat(Replies.refusal(query(Type.A, DClass.IN))).isNull();
        assertThat(code(query(Type.TXT, DClass.CH))).isEqualTo(Rcode.REFUSED);
        assertThat(code(query(Type.AXFR, DClass.IN))).isEqualTo(Rcode.REFUSED);
        Message update = query(Type.A, DClass.IN);
        update.getHeader().setOpcode(Opcode.UPDATE);
        assertThat(code(update)).isEqualTo(Rcode.NOTIMP);
        Message two = query(Type.A, DClass.IN);
        two.addRecord(Record.newRecord(NAME, Type.AAAA, DClass.IN), Section.QUESTION);
        assertThat(code(two)).isEqualTo(Rcode.FORMERR);
        Message newer = query(Type.A, DClass.IN);
        newer.addRecord(new OPTRecord(1232, 0, 1), Section.ADDITIONAL);
        assertThat(code(newer)).isEqualTo(Rcode.BADVERS);
    }

    private static int code(Message query) {
        return Objects.requireNonNull(Replies.refusal(query)).getRcode();
    }
}
