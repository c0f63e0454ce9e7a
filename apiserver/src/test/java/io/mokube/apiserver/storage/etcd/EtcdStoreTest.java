package io.mokube.apiserver.storage.etcd;

import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.KeyValueStoreContract;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.EtcdProcess;
import io.mokube.testkit.Needs;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A real etcd does what a store must do. */
class EtcdStoreTest extends KeyValueStoreContract {

    private static EtcdProcess etcd;

    @BeforeAll
    static void startEtcd() {
        Needs.part("etcd", EtcdProcess.available());
        etcd = EtcdProcess.start();
    }

    @AfterAll
    static void stopEtcd() {
        if (etcd != null) {
            etcd.close();
        }
    }

    @Override
    protected KeyValueStore open() {
        return EtcdStore.open(EtcdStoreConfig.of(List.of(etcd.endpoint()), null, null, null), Platform.system());
    }

    @Override
    protected boolean durable() {
        return true;
    }

    @Override
    protected KeyValueStore reopen() {
        store.close();
        etcd.kill();
        etcd.restart();
        return open();
    }

    @Override
    protected void passTwoSeconds() {
        // Real time passes by itself while the test waits for what it brings.
    }
}
