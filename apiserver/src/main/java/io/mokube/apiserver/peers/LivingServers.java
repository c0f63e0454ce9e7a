package io.mokube.apiserver.peers;

import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The addresses of the API servers that live: each keeps a key in the store that goes by itself when it is not written
 * again, as Kubernetes' {@code masterleases} do.
 */
final class LivingServers {

    private static final String PREFIX = "/registry/masterleases/";
    private static final String END = "/registry/masterleases0";
    private static final Duration GOOD_FOR = Duration.ofSeconds(15);

    private final KeyValueStore store;

    LivingServers(KeyValueStore store) {
        this.store = store;
    }

    /** Says that the server at this address lives, good for 15 seconds. */
    void renew(InetAddress address) {
        String text = address.getHostAddress();
        store.put(PREFIX + text, text.getBytes(StandardCharsets.UTF_8), Expect.ANYTHING, GOOD_FOR);
    }

    /** Says that the server at this address goes. */
    void remove(InetAddress address) {
        store.delete(PREFIX + address.getHostAddress(), Expect.ANYTHING);
    }

    /** Who lives, in the order of the addresses' text. */
    List<InetAddress> list() {
        List<InetAddress> found = new ArrayList<>();
        for (KeyValueStore.Entry entry : store.range(PREFIX, END, 0, 0).entries()) {
            found.add(InetAddress.ofLiteral(entry.key().substring(PREFIX.length())));
        }
        return Collections.unmodifiableList(found);
    }
}
