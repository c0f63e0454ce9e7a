package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.Operation;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import io.mokube.pki.CertificateRequest;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Certificate signing requests say who made them, and only those who may {@code approve} or {@code sign} for a signer
 * decide on its requests: Kubernetes' plugins CertificateApproval, CertificateSigning and CertificateSubjectRestriction.
 */
public final class CertificateSigners implements AdmissionPlugin {

    private static final String GROUP = "certificates.k8s.io";
    private static final String CLIENTS = "kubernetes.io/kube-apiserver-client";

    private final Authorizer authorizer;

    public CertificateSigners(Authorizer authorizer) {
        this.authorizer = authorizer;
    }

    @Override
    public String name() {
        return "CertificateSigners";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        KubeObject object = request.object();
        if (object == null
                || request.operation() != Operation.CREATE
                || !request.isFor(GROUP, "certificatesigningrequests")
                || !(object.root().get("spec") instanceof ObjectNode spec)) {
            return;
        }
        User user = request.user();
        spec.remove(List.of("username", "uid", "groups", "extra"));
        spec.put("username", user.name());
        if (!user.uid().isEmpty()) {
            spec.put("uid", user.uid());
        }
        ArrayNode groups = spec.putArray("groups");
        user.groups().forEach(groups::add);
        if (!user.extra().isEmpty()) {
            ObjectNode extra = spec.putObject("extra");
            user.extra().forEach((name, values) -> {
                ArrayNode array = extra.putArray(name);
                values.forEach(array::add);
            });
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        KubeObject object = request.object();
        if (object == null
                || !request.resource().group().equals(GROUP)
                || !request.resource().plural().equals("certificatesigningrequests")) {
            return;
        }
        String signer = object.at("spec", "signerName").asString("");
        KubeObject old = request.old();
        switch (request.subresource()) {
            case "" -> {
                if (old == null && signer.equals(CLIENTS) && asksForMastery(object)) {
                    throw forbidden(request, "use of " + CLIENTS + " signer with system:masters group is not allowed");
                }
            }
            case "approval" -> demand(request, "approve", signer);
            case "status" -> {
                boolean signs =
                        old != null && !old.at("status", "certificate").equals(object.at("status", "certificate"));
                if (signs) {
                    demand(request, "sign", signer);
                }
            }
            default -> {}
        }
    }

    private void demand(AdmissionRequest request, String verb, String signer) {
        String domain = signer.substring(0, Math.max(0, signer.indexOf('/')));
        if (!may(request.user(), verb, signer) && !may(request.user(), verb, domain + "/*")) {
            throw forbidden(request, "user not permitted to " + verb + " requests with signerName \"" + signer + "\"");
        }
    }

    private boolean may(User user, String verb, String signer) {
        Attributes asked = Attributes.ofResource(verb, GROUP, "signers", "", signer);
        return authorizer.authorize(user, asked) instanceof Decision.Allowed;
    }

    private static ApiException forbidden(AdmissionRequest request, String detail) {
        return ApiException.forbidden(request.resource().groupResource(), request.name(), detail);
    }

    private static boolean asksForMastery(KubeObject object) {
        String encoded = object.at("spec", "request").asString("");
        try {
            return CertificateRequest.parse(Base64.getDecoder().decode(encoded))
                    .organizations()
                    .contains(User.SYSTEM_MASTERS);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // Validation has said what is wrong with it.
            return false;
        }
    }
}
