package io.mokube.client.rest;

import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;

/**
 * The body of a write, checked once more when the connection asks for it. A process that is stopped between its decision
 * to send and the sending, and goes on long after, sends no more than the head, which no server acts on.
 */
record GuardedBody(byte[] bytes, WriteGuard guard) implements BodyPublisher {

    @Override
    public long contentLength() {
        return bytes.length;
    }

    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
        try {
            guard.check();
        } catch (WriteGuard.WriteRefusedException e) {
            subscriber.onSubscribe(new Subscription() {
                @Override
                public void request(long count) {}

                @Override
                public void cancel() {}
            });
            subscriber.onError(e);
            return;
        }
        BodyPublishers.ofByteArray(bytes).subscribe(subscriber);
    }
}
