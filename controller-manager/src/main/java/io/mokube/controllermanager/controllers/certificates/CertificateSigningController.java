package io.mokube.controllermanager.controllers.certificates;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.ClusterKeys;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.CertificateAuthority;
import io.mokube.pki.Pem;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signs approved certificate signing requests with the cluster's authority. Idle in a cluster that configures none. */
public final class CertificateSigningController implements Reconciler<ObjectKey> {

    private static final Logger log = LoggerFactory.getLogger(CertificateSigningController.class);
    private static final String NAME = "certificatesigningrequest-signing-controller";

    private final Store<CertificateSigningRequest> requests;
    private final ResourceClient<CertificateSigningRequest> client;
    private final CertificateAuthority authority;
    private final Duration longestLife;
    private final Clock clock;

    private CertificateSigningController(
            Store<CertificateSigningRequest> requests, ClusterKeys.Signing signing, ControllerContext context) {
        this.requests = requests;
        this.client = context.client().resource(CertificateSigningRequest.class);
        this.authority = new CertificateAuthority(signing.authority());
        this.longestLife = signing.longestLife();
        this.clock = context.platform().clock();
    }

    public static Controller create(ControllerContext context) {
        Optional<ClusterKeys.Signing> signing = context.config().keys().signing();
        if (signing.isEmpty()) {
            return Controller.of(NAME, List.of());
        }
        Informer<CertificateSigningRequest> requests = context.informers().informer(CertificateSigningRequest.class);
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(
                NAME,
                1,
                new CertificateSigningController(requests.store(), signing.get(), context),
                context.platform());
        requests.addHandler(Handler.each(request -> loop.queue().add(Ownership.key(request))));
        return Controller.of(NAME, List.of(requests), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<CertificateSigningRequest> found = requests.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        CertificateSigningRequest request = found.get();
        Instant now = clock.instant();
        return switch (SigningDecision.of(request, longestLife, now)) {
            case SigningDecision.Leave() -> Outcome.done();
            case SigningDecision.Unreadable(String reason) -> Outcome.giveUp(reason);
            case SigningDecision.Fail(String message) ->
                write(new CertificateSigningRequestBuilder(request)
                        .editOrNewStatus()
                        .addToConditions(Requests.condition(Requests.FAILED, "SignerValidationFailure", message, now))
                        .endStatus()
                        .build());
            case SigningDecision.Sign sign -> sign(request, sign, now);
        };
    }

    private Outcome sign(CertificateSigningRequest request, SigningDecision.Sign sign, Instant now) {
        String pem;
        try {
            pem = Pem.write(authority.sign(sign.request(), sign.usages(), now, sign.begins(), sign.ends()));
        } catch (GeneralSecurityException e) {
            return Outcome.giveUp("error auto signing csr: " + e.getMessage());
        }
        Outcome outcome = write(new CertificateSigningRequestBuilder(request)
                .editOrNewStatus()
                .withCertificate(Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
                .endStatus()
                .build());
        log.atInfo()
                .setMessage("signed a certificate")
                .addKeyValue("request", request.getMetadata().getName())
                .addKeyValue("signer", request.getSpec().getSignerName())
                .addKeyValue("until", sign.ends())
                .log();
        return outcome;
    }

    /** Only at the version that was judged: a second certificate would be refused, and a denial must win. */
    private Outcome write(CertificateSigningRequest changed) {
        try {
            client.updateStatus(changed);
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // the change brings its key back
                throw e;
            }
        }
        return Outcome.done();
    }
}
