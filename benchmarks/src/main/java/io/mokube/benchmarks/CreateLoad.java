package io.mokube.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;

/** Creates objects over HTTP/1.1, each connection one after another. */
final class CreateLoad implements Work {

    private final URI target;
    private final SSLContext tls;
    private final List<String> headers;
    private final NamedObjects objects;
    private final AtomicLong number = new AtomicLong();
    private final List<HttpConnection> open = new ArrayList<>();

    CreateLoad(URI target, SSLContext tls, List<String> headers, NamedObjects objects) {
        this.target = target;
        this.tls = tls;
        this.headers = headers;
        this.objects = objects;
    }

    @Override
    public Outcome run(int connections, Duration duration) throws IOException, InterruptedException {
        while (open.size() < connections) {
            open.add(new HttpConnection(target, tls));
        }
        return Repeated.run(connections, duration, worker -> {
            String body = objects.json("http-" + number.incrementAndGet());
            HttpConnection.Answer answer =
                    open.get(worker).exchange(HttpConnection.request("POST", target, headers, body), false);
            answer.expect(201, target);
            return answer.length();
        });
    }

    @Override
    public void close() throws IOException {
        for (HttpConnection connection : open) {
            connection.close();
        }
    }
}
