package io.mokube.apiserver.peers;

import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.verbs.OwnObjects;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says every ten seconds that this API server lives, and makes the endpoints of the service {@code kubernetes} those of
 * the servers that do, as Kubernetes' lease reconciler does. Removes hourly what servers left that are gone for good.
 */
public final class Presence {

    private static final Logger log = LoggerFactory.getLogger(Presence.class);

    private static final GroupResource LEASES = new GroupResource("coordination.k8s.io", "leases");
    private static final GroupResource ENDPOINTS = new GroupResource("", "endpoints");
    private static final GroupResource SLICES = new GroupResource("discovery.k8s.io", "endpointslices");
    private static final Duration PERIOD = Duration.ofSeconds(10);
    private static final Duration CLEANING = Duration.ofHours(1);

    private final OwnObjects own;
    private final ClusterReader reader;
    private final LivingServers living;
    private final ServerIdentity identity;
    private final @Nullable InetAddress address;
    private final int port;
    private final Clock clock;

    /** Held while something is written, so that nothing is after the server said goodbye. */
    private final ReentrantLock writing = new ReentrantLock();

    private boolean left;
    private long nextCleaningNanos;

    /**
     * @param address where others find this server; when there is none it is not among the endpoints, and leaves them
     *     alone
     * @param port where every API server of the cluster listens
     */
    public Presence(
            OwnObjects own,
            ClusterReader reader,
            KeyValueStore store,
            ServerIdentity identity,
            Optional<InetAddress> address,
            int port,
            Clock clock) {
        this.own = own;
        this.reader = reader;
        this.living = new LivingServers(store);
        this.identity = identity;
        this.address = address.orElse(null);
        this.port = port;
        this.clock = clock;
    }

    /** Begins; to be called once. Returns when the server is among the endpoints, or could not be put there. */
    public void start() {
        if (address == null) {
            log.atInfo()
                    .setMessage("no endpoints for the service kubernetes: this server has no address for others")
                    .log();
        }
        nextCleaningNanos = clock.nanoTime();
        go();
    }

    private void go() {
        if (look()) {
            clock.schedule(PERIOD, this::go);
        }
    }

    /** Returns whether to look again. */
    private boolean look() {
        writing.lock();
        try {
            if (left) {
                return false;
            }
            own.keep(LEASES, identity.key(), lease -> identity.renew(lease, clock.instant()));
            if (address != null) {
                living.renew(address);
                writeEndpoints(address);
            }
            if (clock.nanoTime() - nextCleaningNanos >= 0) {
                removeLeftovers();
                nextCleaningNanos = clock.nanoTime() + CLEANING.toNanos();
            }
        } catch (RuntimeException e) { // a store that is away, or another server that writes at the same time
            log.atDebug()
                    .setMessage("could not say that this server lives")
                    .setCause(e)
                    .log();
        } finally {
            writing.unlock();
        }
        return true;
    }

    private void writeEndpoints(InetAddress self) {
        List<InetAddress> servers = living.list();
        if (servers.isEmpty()) {
            // The last one that goes leaves its address: clients that try it learn more than from no address at all.
            return;
        }
        own.keep(ENDPOINTS, KubernetesEndpoints.KEY, present -> KubernetesEndpoints.endpoints(present, servers, port));
        String type = KubernetesEndpoints.addressType(self);
        own.remove(
                SLICES,
                KubernetesEndpoints.KEY,
                slice -> !slice.at("addressType").asString("").equals(type));
        own.keep(SLICES, KubernetesEndpoints.KEY, present -> KubernetesEndpoints.slice(present, servers, port, type));
    }

    private void removeLeftovers() {
        for (KubeObject lease : reader.list(LEASES, identity.key().namespace())) {
            if (isLeftover(lease)) {
                own.remove(LEASES, lease.key(), this::isLeftover);
            }
        }
    }

    private boolean isLeftover(KubeObject lease) {
        return ServerIdentity.COMPONENT.equals(lease.labels().get(ServerIdentity.LABEL))
                && ServerIdentity.isExpired(lease, clock.instant());
    }

    /**
     * Takes this server out of the endpoints before it stops to answer.
     *
     * @param patience for a store that is away; then the others take it out when its key expires
     */
    public void leave(Duration patience) {
        Thread goodbye = Thread.ofVirtual().name("leave-endpoints").start(this::leaveNow);
        try {
            if (!goodbye.join(patience)) {
                log.atWarn()
                        .setMessage("could not leave the endpoints of the service kubernetes in time")
                        .log();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void leaveNow() {
        writing.lock();
        try {
            left = true;
            if (address != null) {
                living.remove(address);
                writeEndpoints(address);
            }
            own.remove(LEASES, identity.key(), this::isOwn);
        } catch (RuntimeException e) {
            log.atWarn()
                    .setMessage("could not leave the endpoints of the service kubernetes")
                    .setCause(e)
                    .log();
        } finally {
            writing.unlock();
        }
    }

    private boolean isOwn(KubeObject lease) {
        return lease.at("spec", "holderIdentity").asString("").endsWith("_" + identity.instance());
    }
}
