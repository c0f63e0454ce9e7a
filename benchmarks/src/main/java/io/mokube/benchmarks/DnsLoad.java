package io.mokube.benchmarks;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/**
 * Clients of a name server that cost little: each has a socket and asks for the address of one of many services after the
 * other. Of an answer, number, code and count are looked at.
 */
final class DnsLoad implements Work {

    private static final int PATIENCE_MILLIS = 5000;
    private static final int LONGEST = 1500;

    private final InetSocketAddress server;
    private final List<byte[]> queries = new ArrayList<>();
    private final List<DatagramSocket> open = new ArrayList<>();

    DnsLoad(URI target, int services) {
        server = new InetSocketAddress(target.getHost(), target.getPort());
        for (int i = 0; i < services; i++) {
            Name name = Name.fromConstantString(DnsMain.service(i));
            queries.add(
                    Message.newQuery(Record.newRecord(name, Type.A, DClass.IN)).toWire());
        }
    }

    @Override
    public Outcome run(int workers, Duration duration) throws IOException, InterruptedException {
        while (open.size() < workers) {
            DatagramSocket socket = new DatagramSocket();
            socket.connect(server);
            socket.setSoTimeout(PATIENCE_MILLIS);
            open.add(socket);
        }
        return Repeated.run(workers, duration, worker -> ask(open.get(worker)));
    }

    private long ask(DatagramSocket socket) throws IOException {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        byte[] query = queries.get(random.nextInt(queries.size())).clone();
        query[0] = (byte) random.nextInt();
        query[1] = (byte) random.nextInt();
        socket.send(new DatagramPacket(query, query.length));
        DatagramPacket answer = new DatagramPacket(new byte[LONGEST], LONGEST);
        socket.receive(answer);
        byte[] bytes = answer.getData();
        int code = bytes[3] & 0xF;
        int count = (bytes[6] & 0xFF) << 8 | (bytes[7] & 0xFF);
        if (bytes[0] != query[0] || bytes[1] != query[1] || code != 0 || count != 1) {
            throw new IOException("an answer of code " + code + " with " + count + " records");
        }
        return answer.getLength();
    }

    @Override
    public void close() {
        open.forEach(DatagramSocket::close);
    }
}
