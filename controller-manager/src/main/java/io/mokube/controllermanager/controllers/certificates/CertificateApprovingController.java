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
import io.mokube.client.rest.ResourceType;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.CertificateRequest;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Approves kubelets' requests for client certificates when those who made them have the right to them. */
public final class CertificateApprovingController implements Reconciler<ObjectKey> {

    private static final String NAME = "certificatesigningrequest-approving-controller";
    private static final ResourceType<KubeObject> REVIEWS = ResourceType.dynamic(
            new GroupVersionResource("authorization.k8s.io", "v1", "subjectaccessreviews"),
            "SubjectAccessReview",
            false);

    /** When to look whether a right that was missing has been given. */
    private static final Duration REVIEW_AGAIN = Duration.ofMinutes(1);

    private final Store<CertificateSigningRequest> requests;
    private final ResourceClient<CertificateSigningRequest> client;
    private final ResourceClient<KubeObject> reviews;
    private final Clock clock;

    private CertificateApprovingController(Store<CertificateSigningRequest> requests, ControllerContext context) {
        this.requests = requests;
        this.client = context.client().resource(CertificateSigningRequest.class);
        this.reviews = context.client().resource(REVIEWS);
        this.clock = context.platform().clock();
    }

    public static Controller create(ControllerContext context) {
        Informer<CertificateSigningRequest> requests = context.informers().informer(CertificateSigningRequest.class);
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(
                NAME, 1, new CertificateApprovingController(requests.store(), context), context.platform());
        requests.addHandler(Handler.each(request -> loop.queue().add(Ownership.key(request))));
        return Controller.of(NAME, List.of(requests), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<CertificateSigningRequest> undecided = requests.get(key)
                .filter(each -> Requests.certificate(each).isEmpty())
                .filter(each -> !Requests.has(each, Requests.APPROVED) && !Requests.has(each, Requests.DENIED));
        if (undecided.isEmpty()) {
            return Outcome.done();
        }
        CertificateSigningRequest request = undecided.get();
        CertificateRequest inner;
        try {
            inner = Requests.parse(request);
        } catch (GeneralSecurityException e) {
            return Outcome.giveUp("unable to parse csr: " + e.getMessage());
        }
        List<NodeClient> rights = NodeClient.thatApprove(request, inner);
        for (NodeClient right : rights) {
            if (isAllowed(request, right)) {
                approve(key, request, right);
                return Outcome.done();
            }
        }
        return rights.isEmpty() ? Outcome.done() : Outcome.again(REVIEW_AGAIN);
    }

    /** Whether the one who made the request has the right. */
    private boolean isAllowed(CertificateSigningRequest request, NodeClient right) {
        KubeObject review = new KubeObject(Json.MAPPER.createObjectNode());
        review.root().put("apiVersion", "authorization.k8s.io/v1").put("kind", "SubjectAccessReview");
        ObjectNode spec = review.root().putObject("spec");
        spec.put("user", request.getSpec().getUsername());
        @Nullable String uid = request.getSpec().getUid();
        if (uid != null) {
            spec.put("uid", uid);
        }
        spec.set("groups", Json.MAPPER.valueToTree(request.getSpec().getGroups()));
        @Nullable Map<String, List<String>> extra = request.getSpec().getExtra();
        if (extra != null) {
            spec.set("extra", Json.MAPPER.valueToTree(extra));
        }
        spec.putObject("resourceAttributes")
                .put("group", "certificates.k8s.io")
                .put("resource", "certificatesigningrequests")
                .put("verb", "create")
                .put("subresource", right.subresource());
        return reviews.create(review).at("status", "allowed").asBoolean(false);
    }

    private void approve(ObjectKey key, CertificateSigningRequest request, NodeClient right) {
        try {
            client.updateSubresource(
                    key,
                    "approval",
                    new CertificateSigningRequestBuilder(request)
                            .editOrNewStatus()
                            .addToConditions(Requests.condition(
                                    Requests.APPROVED, "AutoApproved", right.message(), clock.instant()))
                            .endStatus()
                            .build());
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // the change brings its key back
                throw e;
            }
        }
    }
}
