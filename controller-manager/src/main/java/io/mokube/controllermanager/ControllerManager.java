package io.mokube.controllermanager;

import io.mokube.client.election.LeaderElector;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.WriteGuard;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Runs the controllers while it holds its Lease. Losing the Lease stops them at once and begins a new candidacy; nothing
 * of one term lives on in the next.
 */
public final class ControllerManager implements Component {

    private final ControllerManagerConfig config;
    private final Platform platform;
    private @Nullable ApiClient client;
    private @Nullable LeaderElector elector;
    private volatile @Nullable LeadershipTerm term;
    private volatile boolean running;

    public ControllerManager(ControllerManagerConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
    }

    @Override
    public String name() {
        return "kube-controller-manager";
    }

    @Override
    public synchronized void start() {
        if (elector != null) {
            return;
        }
        ApiClient connected;
        try {
            connected = new ApiClient(config.client(), platform);
        } catch (IllegalArgumentException e) {
            throw new ComponentException("the controller manager can't start: " + e.getMessage(), e);
        }
        client = connected;
        LeaderElector candidate = new LeaderElector(config.election(), connected, new LeaderElector.Term() {
            private @Nullable LeadershipTerm current;

            @Override
            public void begin(WriteGuard guard) {
                LeadershipTerm begun = new LeadershipTerm(config, connected.guardedBy(guard), platform);
                current = begun;
                term = begun;
                begun.start();
            }

            @Override
            public void end() {
                LeadershipTerm ended = current;
                term = null;
                current = null;
                if (ended != null) {
                    ended.stop(Duration.ZERO);
                }
            }
        });
        elector = candidate;
        candidate.start();
        running = true;
    }

    /** Ready as a standby, and as a leader once every controller's informers are filled. */
    @Override
    public Readiness readiness() {
        if (!running) {
            return Readiness.waitingFor("the controller manager is not started");
        }
        LeadershipTerm current = term;
        return current == null ? Readiness.READY : current.readiness();
    }

    /** Whether this replica runs the controllers at this moment. */
    public boolean isLeader() {
        LeaderElector candidate;
        synchronized (this) {
            candidate = elector;
        }
        return candidate != null && candidate.isLeader();
    }

    @Override
    public synchronized void stop(Duration grace) {
        if (!running) {
            return;
        }
        running = false;
        LeadershipTerm current = term;
        if (current != null) {
            current.stop(grace);
        }
        if (elector != null) {
            elector.stop();
        }
        if (client != null) {
            client.close();
        }
    }
}
