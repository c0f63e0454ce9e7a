package io.mokube.dns.forward;

import io.mokube.machinery.time.Clock;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Record;

/**
 * A name server on the network, asked over UDP, and again over TCP when its answer was truncated. Each question goes from a
 * port of its own; what does not come from the server, or answers another question, is ignored: an answer that somebody
 * forges has to guess port and number.
 *
 * @param patience for one attempt
 */
public record SocketUpstream(InetSocketAddress address, Duration patience, Clock clock) implements Upstream {

    private static final int LONGEST_DATAGRAM_BYTES = 4096;

    @Override
    public Message ask(Message query) throws IOException {
        Message answer = overUdp(query);
        return answer.getHeader().getFlag(Flags.TC) ? overTcp(query) : answer;
    }

    private Message overUdp(Message query) throws IOException {
        byte[] wire = query.toWire();
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(address);
            socket.send(new DatagramPacket(wire, wire.length));
            DatagramPacket packet = new DatagramPacket(new byte[LONGEST_DATAGRAM_BYTES], LONGEST_DATAGRAM_BYTES);
            long begin = clock.nanoTime();
            while (true) {
                long left = patience.toMillis() - (clock.nanoTime() - begin) / 1_000_000;
                if (left <= 0) {
                    throw new SocketTimeoutException("no answer within " + patience.toMillis() + " ms");
                }
                socket.setSoTimeout(Math.toIntExact(left));
                packet.setLength(LONGEST_DATAGRAM_BYTES);
                socket.receive(packet);
                Message answer = read(java.util.Arrays.copyOf(packet.getData(), packet.getLength()));
                if (answer != null && answers(answer, query)) {
                    return answer;
                }
            }
        }
    }

    private Message overTcp(Message query) throws IOException {
        byte[] wire = query.toWire();
        try (Socket socket = new Socket()) {
            int millis = Math.toIntExact(patience.toMillis());
            socket.connect(address, millis);
            socket.setSoTimeout(millis);
            byte[] framed = new byte[wire.length + 2];
            framed[0] = (byte) (wire.length >> 8);
            framed[1] = (byte) wire.length;
            System.arraycopy(wire, 0, framed, 2, wire.length);
            OutputStream out = socket.getOutputStream();
            out.write(framed);
            out.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] bytes = new byte[in.readUnsignedShort()];
            in.readFully(bytes);
            Message answer = read(bytes);
            if (answer == null || !answers(answer, query)) {
                throw new IOException("the answer belongs to another question");
            }
            return answer;
        }
    }

    private static @org.jspecify.annotations.Nullable Message read(byte[] bytes) {
        try {
            return new Message(bytes);
        } catch (IOException | RuntimeException e) { // the library throws either for nonsense
            return null;
        }
    }

    private static boolean answers(Message answer, Message query) {
        Record question = answer.getQuestion();
        return answer.getHeader().getFlag(Flags.QR)
                && answer.getHeader().getID() == query.getHeader().getID()
                // A server that could not even read the question does not repeat it.
                && (question == null || question.equals(query.getQuestion()));
    }

    @Override
    public String toString() {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
