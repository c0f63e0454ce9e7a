package io.mokube.controllermanager.controllers.certificates;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.Pem;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Removes certificate signing requests that are of no more use, with the time limits of Kubernetes. */
public final class CertificateCleanerController implements Reconciler<ObjectKey> {

    private static final String NAME = "certificatesigningrequest-cleaner-controller";

    /** After a certificate was issued, or a request denied or failed. */
    private static final Duration DECIDED = Duration.ofHours(1);

    /** While nobody has decided, or signed what was approved. */
    private static final Duration UNDECIDED = Duration.ofHours(24);

    private final Store<CertificateSigningRequest> requests;
    private final ResourceClient<CertificateSigningRequest> client;
    private final Clock clock;

    private CertificateCleanerController(
            Store<CertificateSigningRequest> requests, ResourceClient<CertificateSigningRequest> client, Clock clock) {
        this.requests = requests;
        this.client = client;
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        Informer<CertificateSigningRequest> requests = context.informers().informer(CertificateSigningRequest.class);
        CertificateCleanerController cleaner = new CertificateCleanerController(
                requests.store(),
                context.client().resource(CertificateSigningRequest.class),
                context.platform().clock());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, 1, cleaner, context.platform());
        requests.addHandler(Handler.each(request -> loop.queue().add(Ownership.key(request))));
        return Controller.of(NAME, List.of(requests), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<CertificateSigningRequest> found = requests.get(key);
        Optional<Instant> end = found.flatMap(CertificateCleanerController::end);
        if (end.isEmpty()) {
            return Outcome.done();
        }
        Instant now = clock.instant();
        if (now.isBefore(end.get())) {
            return Outcome.again(Duration.between(now, end.get()));
        }
        try {
            client.delete(
                    key,
                    DeleteOptions.DEFAULT.withResourceVersion(
                            found.get().getMetadata().getResourceVersion()));
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // the change brings its key back
                throw e;
            }
        }
        return Outcome.done();
    }

    /** From when on a request is of no use. Pure. */
    static Optional<Instant> end(CertificateSigningRequest request) {
        Optional<Instant> created = Times.parse(request.getMetadata().getCreationTimestamp());
        if (Requests.conditions(request).isEmpty()) {
            return created.map(since -> since.plus(UNDECIDED));
        }
        Optional<Instant> earliest = Optional.empty();
        for (CertificateSigningRequestCondition condition : Requests.conditions(request)) {
            Optional<Instant> since = Times.parse(condition.getLastUpdateTime()).or(() -> created);
            Optional<Instant> end =
                    switch (condition.getType()) {
                        case Requests.DENIED, Requests.FAILED -> since.map(from -> from.plus(DECIDED));
                        case Requests.APPROVED ->
                            Requests.certificate(request).isEmpty()
                                    ? since.map(from -> from.plus(UNDECIDED))
                                    : earlier(since.map(from -> from.plus(DECIDED)), expiry(request));
                        default -> Optional.empty();
                    };
            earliest = earlier(earliest, end);
        }
        return earliest;
    }

    /** When the issued certificate expires; nothing when it can't be read, and the time limit alone counts. */
    private static Optional<Instant> expiry(CertificateSigningRequest request) {
        try {
            byte[] pem = Base64.getDecoder().decode(Requests.certificate(request));
            return Optional.of(Pem.readCertificate(new String(pem, StandardCharsets.US_ASCII))
                    .getNotAfter()
                    .toInstant());
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<Instant> earlier(Optional<Instant> one, Optional<Instant> other) {
        if (one.isEmpty()) {
            return other;
        }
        return other.filter(each -> each.isBefore(one.get())).or(() -> one);
    }
}
