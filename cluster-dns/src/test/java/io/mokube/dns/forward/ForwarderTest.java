package io.mokube.dns.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.dns.answer.Replies;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import io.mokube.testkit.SimulatedClock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class ForwarderTest {

    private static final Name NAME = Name.fromConstantString("www.example.com.");
    private static final byte[] ADDRESS = {(byte) 192, 0, 2, 1};

    private final SimulatedClock clock = new SimulatedClock();
    private final AtomicInteger asked = new AtomicInteger();

    private Forwarder forwarder(Upstream... upstreams) {
        return new Forwarder(
                List.of(upstreams),
                Forwarder.Limits.STANDARD,
                new Platform(clock, new Random(1), new SimpleMeterRegistry()));
    }

    private static Message query(String name) {
        return Message.newQuery(Record.newRecord(Name.fromConstantString(name), Type.A, DClass.IN));
    }

    private Message found(Message query, long ttl) {
        asked.incrementAndGet();
        Message reply = Replies.to(query, Rcode.NOERROR);
        reply.addRecord(new ARecord(query.getQuestion().getName(), DClass.IN, ttl, ADDRESS), Section.ANSWER);
        return reply;
    }

    private Message missing(Message query, long minimum) {
        asked.incrementAndGet();
        Message reply = Replies.to(query, Rcode.NXDOMAIN);
        Name zone = Name.fromConstantString("example.com.");
        reply.addRecord(new SOARecord(zone, DClass.IN, 3600, zone, zone, 1, 1, 1, 1, minimum), Section.AUTHORITY);
        return reply;
    }

    @Test
    void answersAreKeptForAsLongAsTheyHold() {
        Forwarder forwarder = forwarder(query -> found(query, 10));
        assertThat(forwarder.known(query("www.example.com."))).isEmpty();
        forwarder.resolve(query("www.example.com."));
        clock.advance(Duration.ofSeconds(4));
        Message query = query("WWW.example.com.");
        Message known = forwarder.known(query).orElseThrow();
        assertThat(known.getHeader().getID()).isEqualTo(query.getHeader().getID());
        assertThat(known.getQuestion().getName().toString()).isEqualTo("WWW.example.com.");
        assertThat(known.getSection(Section.ANSWER).getFirst().getTTL()).isEqualTo(6);
        clock.advance(Duration.ofSeconds(7));
        assertThat(forwarder.known(query)).isEmpty();
        assertThat(asked).hasValue(1);
    }

    @Test
    void noAnswerIsKeptForLongerThanAllowed() {
        Forwarder forwarder = forwarder(query -> found(query, 86_400));
        forwarder.resolve(query("www.example.com."));
        clock.advance(Duration.ofSeconds(29));
        assertThat(forwarder.known(query("www.example.com."))).isPresent();
        clock.advance(Duration.ofSeconds(2));
        assertThat(forwarder.known(query("www.example.com."))).isEmpty();
    }

    @Test
    void aNoIsKeptForAsLongAsItSays() {
        Forwarder forwarder = forwarder(query -> missing(query, 7));
        assertThat(forwarder.resolve(query("no.example.com.")).getRcode()).isEqualTo(Rcode.NXDOMAIN);
        clock.advance(Duration.ofSeconds(6));
        assertThat(forwarder.known(query("no.example.com.")).orElseThrow().getRcode())
                .isEqualTo(Rcode.NXDOMAIN);
        clock.advance(Duration.ofSeconds(2));
        assertThat(forwarder.known(query("no.example.com."))).isEmpty();
    }

    @Test
    void theNextServerIsAskedWhenOneDoesNotAnswer() {
        Upstream dead = query -> {
            throw new IOException("no answer");
        };
        Upstream refusing = query -> Replies.to(query, Rcode.REFUSED);
        Forwarder forwarder = forwarder(dead, refusing, query -> found(query, 10));
        assertThat(forwarder.resolve(query("www.example.com.")).getRcode()).isEqualTo(Rcode.NOERROR);
    }

    @Test
    void whenNobodyAnswersTheFailureIsKeptForAShortWhile() {
        AtomicInteger tries = new AtomicInteger();
        Forwarder forwarder = forwarder(query -> {
            tries.incrementAndGet();
            throw new IOException("no answer");
        });
        assertThat(forwarder.resolve(query("www.example.com.")).getRcode()).isEqualTo(Rcode.SERVFAIL);
        assertThat(tries).hasValue(2);
        assertThat(forwarder.known(query("www.example.com.")).orElseThrow().getRcode())
                .isEqualTo(Rcode.SERVFAIL);
        clock.advance(Duration.ofSeconds(3));
        assertThat(forwarder.known(query("www.example.com."))).isEmpty();
    }

    @Test
    void withoutServersTheAnswerIsAFailure() {
        assertThat(forwarder().resolve(query("www.example.com.")).getRcode()).isEqualTo(Rcode.SERVFAIL);
    }

    @Test
    void oneQuestionIsAskedOnceHoweverManyWait() throws InterruptedException, ExecutionException {
        CountDownLatch answer = new CountDownLatch(1);
        Forwarder forwarder = forwarder(query -> {
            try {
                answer.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return found(query, 10);
        });
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Thread> waiting = new ArrayList<>();
            List<Future<Message>> replies = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                replies.add(clients.submit(() -> {
                    synchronized (waiting) {
                        waiting.add(Thread.currentThread());
                    }
                    return forwarder.resolve(query("www.example.com."));
                }));
            }
            Await.until("all wait", () -> {
                synchronized (waiting) {
                    return waiting.size() == 10
                            && waiting.stream().allMatch(each -> each.getState() == Thread.State.WAITING);
                }
            });
            answer.countDown();
            for (Future<Message> reply : replies) {
                assertThat(reply.get().getRcode()).isEqualTo(Rcode.NOERROR);
            }
        }
        assertThat(asked).hasValue(1);
    }

    @Test
    void anAliasIsCompletedWithWhatIsFoundUnderItsTarget() {
        Forwarder forwarder = forwarder(query -> found(query, 10));
        Message query = query("out.default.svc.cluster.local.");
        Message reply = Replies.to(query, Rcode.NOERROR);
        reply.addRecord(new CNAMERecord(query.getQuestion().getName(), DClass.IN, 5, NAME), Section.ANSWER);
        Message complete = forwarder.complete(query, reply, NAME);
        assertThat(complete.getSection(Section.ANSWER))
                .extracting(Record::rdataToString)
                .containsExactly("www.example.com.", "192.0.2.1");
    }
}
