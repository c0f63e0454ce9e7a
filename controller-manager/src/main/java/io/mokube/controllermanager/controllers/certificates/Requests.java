package io.mokube.controllermanager.controllers.certificates;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestConditionBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatus;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.pki.CertificateRequest;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a certificate signing request says. Pure. */
final class Requests {

    static final String APPROVED = "Approved";
    static final String DENIED = "Denied";
    static final String FAILED = "Failed";

    private Requests() {}

    static List<CertificateSigningRequestCondition> conditions(CertificateSigningRequest request) {
        @Nullable CertificateSigningRequestStatus status = request.getStatus();
        @Nullable List<CertificateSigningRequestCondition> conditions = status == null ? null : status.getConditions();
        return conditions == null ? List.of() : conditions;
    }

    static Optional<CertificateSigningRequestCondition> condition(CertificateSigningRequest request, String type) {
        return conditions(request).stream()
                .filter(each -> type.equals(each.getType()))
                .findFirst();
    }

    static boolean has(CertificateSigningRequest request, String type) {
        return condition(request, type).isPresent();
    }

    /** The issued certificate in base64, {@code ""} before there is one. */
    static String certificate(CertificateSigningRequest request) {
        @Nullable CertificateSigningRequestStatus status = request.getStatus();
        @Nullable String certificate = status == null ? null : status.getCertificate();
        return certificate == null ? "" : certificate;
    }

    /** The PKCS #10 request inside. */
    static CertificateRequest parse(CertificateSigningRequest request) throws GeneralSecurityException {
        try {
            return CertificateRequest.parse(
                    Base64.getDecoder().decode(request.getSpec().getRequest()));
        } catch (IllegalArgumentException e) {
            throw new GeneralSecurityException("spec.request is not base64", e);
        }
    }

    /** A condition that is true from now on. */
    static CertificateSigningRequestCondition condition(String type, String reason, String message, Instant now) {
        return new CertificateSigningRequestConditionBuilder()
                .withType(type)
                .withStatus("True")
                .withReason(reason)
                .withMessage(message)
                .withLastUpdateTime(Times.format(now))
                .withLastTransitionTime(Times.format(now))
                .build();
    }
}
