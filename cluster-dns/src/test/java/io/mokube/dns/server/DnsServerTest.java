package io.mokube.dns.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.dns.answer.Replies;
import io.mokube.dns.server.QueryHandler.Reaction;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class DnsServerTest {

    private static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Name ZONE = Name.fromConstantString("test.");
    private static final int MILLIS = 10_000;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final CountDownLatch release = new CountDownLatch(1);
    private DnsServer server = open(LOOPBACK);

    private DnsServer open(InetSocketAddress address) {
        return DnsServer.open(
                address, this::react, new DnsServer.Limits(2, 2, 2), new ServerMetrics(meters, ZONE), Clock.system());
    }

    @AfterEach
    void close() {
        release.countDown();
        server.close();
    }

    /** {@code slow} waits for the test, {@code many} has 200 addresses, others have one. */
    private Reaction react(Message query) {
        String name = query.getQuestion().getName().toString();
        Message reply = Replies.to(query, Rcode.NOERROR);
        int count = name.startsWith("many") ? 200 : 1;
        for (int i = 0; i < count; i++) {
            byte[] address = {10, 0, 0, (byte) i};
            reply.addRecord(new ARecord(query.getQuestion().getName(), DClass.IN, 5, address), Section.ANSWER);
        }
        if (!name.startsWith("slow")) {
            return new Reaction.Reply(reply);
        }
        return new Reaction.Later(() -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return reply;
        });
    }

    private static Message query(String name) {
        return Message.newQuery(Record.newRecord(Name.fromConstantString(name), Type.A, DClass.IN));
    }

    private DatagramSocket client() throws IOException {
        DatagramSocket socket = new DatagramSocket();
        socket.setSoTimeout(MILLIS);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        return socket;
    }

    private static void send(DatagramSocket socket, byte[] bytes) throws IOException {
        socket.send(new DatagramPacket(bytes, bytes.length));
    }

    private static Message receive(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
        socket.receive(packet);
        return new Message(Arrays.copyOf(packet.getData(), packet.getLength()));
    }

    @Test
    void answersDatagrams() throws IOException {
        try (DatagramSocket socket = client()) {
            Message query = query("one.test.");
            send(socket, query.toWire());
            Message reply = receive(socket);
            assertThat(reply.getHeader().getID()).isEqualTo(query.getHeader().getID());
            assertThat(reply.getSection(Section.ANSWER)).hasSize(1);
            Await.until(
                    "the request is counted",
                    () -> meters.get("coredns.dns.requests")
                                    .tag("zone", "test.")
                                    .tag("proto", "udp")
                                    .tag("type", "A")
                                    .counter()
                                    .count()
                            == 1);
            Await.until(
                    "the response is counted",
                    () -> meters.get("coredns.dns.responses")
                                    .tag("rcode", "NOERROR")
                                    .counter()
                                    .count()
                            == 1);
        }
    }

    @Test
    void longAnswersAreTruncatedInDatagramsAndWholeOverTcp() throws IOException {
        Message query = query("many.test.");
        query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
        try (DatagramSocket socket = client()) {
            send(socket, query.toWire());
            Message cut = receive(socket);
            assertThat(cut.getHeader().getFlag(Flags.TC)).isTrue();
            assertThat(cut.getSection(Section.ANSWER)).hasSizeBetween(50, 199);
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(MILLIS);
            sendFramed(socket.getOutputStream(), query);
            assertThat(receiveFramed(new DataInputStream(socket.getInputStream()))
                            .getSection(Section.ANSWER))
                    .hasSize(200);
        }
    }

    private static void sendFramed(OutputStream out, Message message) throws IOException {
        byte[] wire = message.toWire();
        out.write(new byte[] {(byte) (wire.length >> 8), (byte) wire.length});
        out.write(wire);
        out.flush();
    }

    private static Message receiveFramed(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readUnsignedShort()];
        in.readFully(bytes);
        return new Message(bytes);
    }

    @Test
    void aSlowAnswerHoldsBackNoOtherOnTheSameConnection() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(MILLIS);
            Message slow = query("slow.test.");
            List<Message> quick = List.of(query("a.test."), query("b.test."));
            sendFramed(socket.getOutputStream(), slow);
            for (Message each : quick) {
                sendFramed(socket.getOutputStream(), each);
            }
            DataInputStream in = new DataInputStream(socket.getInputStream());
            List<Integer> answered = new ArrayList<>();
            answered.add(receiveFramed(in).getHeader().getID());
            answered.add(receiveFramed(in).getHeader().getID());
            release.countDown();
            answered.add(receiveFramed(in).getHeader().getID());
            assertThat(answered)
                    .containsExactly(
                            quick.get(0).getHeader().getID(),
                            quick.get(1).getHeader().getID(),
                            slow.getHeader().getID());
        }
    }

    @Test
    void whoIsOneTooManyHearsSo() throws IOException {
        try (DatagramSocket socket = client()) {
            for (int i = 0; i < 3; i++) {
                send(socket, query("slow" + i + ".test.").toWire());
            }
            assertThat(receive(socket).getRcode()).isEqualTo(Rcode.SERVFAIL);
            release.countDown();
            assertThat(receive(socket).getRcode()).isEqualTo(Rcode.NOERROR);
            assertThat(receive(socket).getRcode()).isEqualTo(Rcode.NOERROR);
        }
    }

    @Test
    void aConnectionTooManyIsClosed() throws IOException {
        try (Socket first = connectAndAsk();
                Socket second = connectAndAsk();
                Socket third = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            assertThat(first.isClosed() || second.isClosed()).isFalse();
            third.setSoTimeout(MILLIS);
            assertThat(third.getInputStream().read()).isEqualTo(-1);
        }
    }

    private Socket connectAndAsk() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout(MILLIS);
        sendFramed(socket.getOutputStream(), query("a.test."));
        receiveFramed(new DataInputStream(socket.getInputStream()));
        return socket;
    }

    @Test
    void nonsenseIsAnsweredOnceAndAnswersNever() throws IOException {
        try (DatagramSocket socket = client()) {
            byte[] cut = Arrays.copyOf(query("one.test.").toWire(), 15);
            send(socket, cut);
            assertThat(receive(socket).getRcode()).isEqualTo(Rcode.FORMERR);
            send(socket, new byte[] {1, 2, 3});
            Message answer = query("one.test.");
            answer.getHeader().setFlag(Flags.QR);
            send(socket, answer.toWire());
            Message last = query("last.test.");
            send(socket, last.toWire());
            assertThat(receive(socket).getHeader().getID())
                    .as("nothing was said to what came before")
                    .isEqualTo(last.getHeader().getID());
        }
    }

    @Test
    void aTakenAddressIsNamed() {
        assertThatThrownBy(() -> open(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port())))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("127.0.0.1:" + server.port());
    }
}
