package io.mokube.controllermanager.controllers.certificates;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.mokube.pki.CertificateRequest;
import io.mokube.pki.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A right by which a kubelet's request for a client certificate is approved without a person. */
enum NodeClient {
    /** To renew the certificate that the request was made with. */
    SELF("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview."),
    /** To make certificates for any node. */
    ANY("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.");

    private final String subresource;
    private final String message;

    NodeClient(String subresource, String message) {
        this.subresource = subresource;
        this.message = message;
    }

    /** The subresource of certificate signing requests whose creation must be allowed. */
    String subresource() {
        return subresource;
    }

    String message() {
        return message;
    }

    /** Which rights would approve a request, the narrower one first; none for requests that a person decides on. Pure. */
    static List<NodeClient> thatApprove(CertificateSigningRequest request, CertificateRequest inner) {
        if (!request.getSpec().getSignerName().equals("kubernetes.io/kube-apiserver-client-kubelet")) {
            return List.of();
        }
        Set<Usage> usages = request.getSpec().getUsages().stream()
                .map(Usage::of)
                .flatMap(Optional::stream)
                .collect(Collectors.toSet());
        boolean allKnown =
                usages.size() == Set.copyOf(request.getSpec().getUsages()).size();
        if (!allKnown || Signer.KUBELET_CLIENT.problemOf(inner, usages).isPresent()) {
            return List.of();
        }
        List<NodeClient> rights = new ArrayList<>();
        if (inner.commonName().equals(request.getSpec().getUsername())) {
            rights.add(SELF);
        }
        rights.add(ANY);
        return rights;
    }
}
