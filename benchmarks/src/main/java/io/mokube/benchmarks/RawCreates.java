package io.mokube.benchmarks;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.PutOption;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** What creating an object comes down to in etcd: a transaction that puts a value unless its key is there. */
final class RawCreates implements Work {

    private final Client client;
    private final NamedObjects values;
    private final AtomicLong number = new AtomicLong();

    RawCreates(URI etcd, NamedObjects values) {
        this.client = Client.builder().endpoints(etcd).build();
        this.values = values;
    }

    @Override
    public Outcome run(int workers, Duration duration) throws IOException, InterruptedException {
        KV store = client.getKVClient();
        return Repeated.run(workers, duration, worker -> {
            String name = "raw-" + number.incrementAndGet();
            ByteSequence key = ByteSequence.from("/raw/" + name, StandardCharsets.UTF_8);
            ByteSequence value = ByteSequence.from(values.json(name), StandardCharsets.UTF_8);
            boolean created = store.txn()
                    .If(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.version(0)))
                    .Then(Op.put(key, value, PutOption.DEFAULT))
                    .commit()
                    .get()
                    .isSucceeded();
            if (!created) {
                throw new IOException(name + " was there");
            }
            return value.size();
        });
    }

    @Override
    public void close() {
        client.close();
    }
}
