package io.mokube.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;

/**
 * A client that costs little, because it shares the machine with what it measures: each connection sends the same GET
 * again and again over HTTP/1.1 and reads the answer without looking at it, except for its status and its length.
 * Connections stay open from one run to the next, so that a run measures requests and no handshakes.
 */
final class Load implements Work {

    private final URI target;
    private final SSLContext tls;
    private final byte[] request;
    private final List<HttpConnection> open = new ArrayList<>();

    Load(URI target, SSLContext tls, List<String> headers) {
        this.target = target;
        this.tls = tls;
        this.request = HttpConnection.head("GET", target, headers);
    }

    @Override
    public Outcome run(int connections, Duration duration) throws IOException, InterruptedException {
        while (open.size() < connections) {
            open.add(new HttpConnection(target, tls));
        }
        return Repeated.run(connections, duration, worker -> {
            HttpConnection.Answer answer = open.get(worker).exchange(request, false);
            answer.expect(200, target);
            return answer.length();
        });
    }

    /** The body of one answer. */
    byte[] fetch() throws IOException {
        try (HttpConnection connection = new HttpConnection(target, tls)) {
            HttpConnection.Answer answer = connection.exchange(request, true);
            answer.expect(200, target);
            return answer.body();
        }
    }

    @Override
    public void close() throws IOException {
        for (HttpConnection connection : open) {
            connection.close();
        }
    }
}
