package io.mokube.ingress;

import io.mokube.client.rest.ApiClient;
import io.mokube.ingress.serve.Certificates;
import io.mokube.ingress.serve.HttpFront;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.component.Release;
import io.mokube.pki.CertificateAuthority;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ingress: takes HTTP requests and carries them to services, as the Ingress objects of its class say. Instances know
 * nothing of each other; each does the whole work. It goes on with what it knows while the API server is away.
 */
public final class IngressRouter implements Component {

    private final IngressConfig config;
    private final Platform platform;
    private @Nullable Running running;

    private record Running(ApiClient client, RouteFeed feed, HttpFront front) {}

    public IngressRouter(IngressConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
    }

    @Override
    public String name() {
        return "ingress";
    }

    @Override
    public synchronized void start() {
        if (running != null) {
            throw new IllegalStateException("the ingress was started before");
        }
        try {
            Certificates certificates = new Certificates(CertificateAuthority.create(
                            "mokube-ingress", platform.clock().instant())
                    .issueServing(
                            "mokube-ingress",
                            List.of(),
                            List.of("ingress.local"),
                            platform.clock().instant()));
            ApiClient client = new ApiClient(config.client().withUserAgent("ingress/" + Release.GIT_VERSION), platform);
            RouteFeed feed = new RouteFeed(config, client, certificates, platform);
            HttpFront front;
            try {
                front = HttpFront.open(
                        config.http(), config.https(), certificates, feed::route, config.timeouts(), platform.meters());
            } catch (ComponentException e) {
                client.close();
                throw e;
            }
            running = new Running(client, feed, front);
            feed.start(front.httpPort(), front.httpsPort());
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw new ComponentException("The ingress can't start: " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized Readiness readiness() {
        if (running == null) {
            return Readiness.waitingFor("the ingress was not started");
        }
        return running.feed().isSettled() ? Readiness.READY : Readiness.waitingFor("the first look at Ingress objects");
    }

    /** The port of requests in the clear. */
    public synchronized int httpPort() {
        return running == null ? 0 : running.front().httpPort();
    }

    /** The port of requests over TLS. */
    public synchronized int httpsPort() {
        return running == null ? 0 : running.front().httpsPort();
    }

    @Override
    public void stop(Duration grace) {
        Running current;
        synchronized (this) {
            current = running;
            running = null;
        }
        if (current != null) {
            // First nobody is sent here any more, then nobody is answered.
            current.feed().stop(grace);
            current.front().close();
            current.client().close();
        }
    }
}
