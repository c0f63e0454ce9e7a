package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.pki.CertificateRequest;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Certificate signing requests: what is asked for never changes, who decides writes {@code approval}, who signs writes
 * {@code status}.
 */
final class CertificateRequestStrategy implements ResourceStrategy {

    private static final Set<String> DECISIONS = Set.of("Approved", "Denied");
    private static final int SHORTEST_SECONDS = 600;

    @Override
    public void prepareForCreate(KubeObject request) {
        request.root().remove("status");
    }

    @Override
    public void prepareForUpdate(KubeObject request, KubeObject old) {
        SpecStatusStrategy.keep("spec", request, old);
        SpecStatusStrategy.keep("status", request, old);
    }

    @Override
    public void prepareForSubresourceUpdate(String subresource, KubeObject request, KubeObject old) {
        ArrayNode conditions = Json.MAPPER.createArrayNode();
        boolean decides = subresource.equals("approval");
        // Each side keeps what is the other's: the decision, or the certificate and everything else.
        addConditions(conditions, decides ? request : old, true);
        addConditions(conditions, decides ? old : request, false);
        SpecStatusStrategy.keep("spec", request, old);
        JsonNode certificate = (decides ? old : request).at("status", "certificate");
        ObjectNode status = request.root().putObject("status");
        if (!certificate.isMissingNode()) {
            status.set("certificate", certificate);
        }
        if (!conditions.isEmpty()) {
            status.set("conditions", conditions);
        }
    }

    private static void addConditions(ArrayNode conditions, KubeObject from, boolean decisions) {
        for (JsonNode condition : from.at("status", "conditions")) {
            if (DECISIONS.contains(Tree.text(condition, "type")) == decisions) {
                conditions.add(condition);
            }
        }
    }

    @Override
    public void validateCreate(KubeObject request, List<FieldError> errors) {
        JsonNode spec = request.at("spec");
        String problem = problemOf(Tree.text(spec, "request"));
        if (!problem.isEmpty()) {
            errors.add(FieldError.invalid("spec.request", Tree.text(spec, "request"), problem));
        }
        if (spec.path("usages").isEmpty()) {
            errors.add(FieldError.required("spec.usages", "usages is required"));
        }
        String signer = Tree.text(spec, "signerName");
        int slash = signer.indexOf('/');
        if (signer.isEmpty()) {
            errors.add(FieldError.required("spec.signerName", ""));
        } else if (slash < 0
                || NameFormat.dnsSubdomain(signer.substring(0, slash)).isPresent()) {
            errors.add(FieldError.invalid(
                    "spec.signerName",
                    signer,
                    "must be a fully qualified domain and path of the form 'example.com/signer-name'"));
        }
        JsonNode seconds = spec.path("expirationSeconds");
        if (seconds.isNumber() && seconds.asLong(0) < SHORTEST_SECONDS) {
            errors.add(FieldError.invalid(
                    "spec.expirationSeconds",
                    seconds.asLong(0),
                    "may not specify a duration less than 600 seconds (10 minutes)"));
        }
    }

    /** Why a text is no request for a certificate, {@code ""} when it is one. */
    private static String problemOf(String encoded) {
        try {
            boolean isSigned = CertificateRequest.parse(Base64.getDecoder().decode(encoded))
                    .isSignedByItsKey();
            return isSigned ? "" : "the signature does not belong to the key";
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Override
    public void validateSubresourceUpdate(
            String subresource, KubeObject request, KubeObject old, List<FieldError> errors) {
        String certificate = request.at("status", "certificate").asString("");
        String before = old.at("status", "certificate").asString("");
        if (!before.isEmpty() && !before.equals(certificate)) {
            errors.add(
                    FieldError.forbidden("status.certificate", "updates may not modify existing certificate content"));
        }
        boolean approved = has(request, "Approved");
        boolean denied = has(request, "Denied");
        if (approved && denied) {
            errors.add(FieldError.invalid(
                    "status.conditions", "Denied", "Approved and Denied conditions are mutually exclusive"));
        }
        for (String decision : DECISIONS) {
            if (has(old, decision) && !has(request, decision)) {
                errors.add(FieldError.forbidden(
                        "status.conditions", "updates may not remove a condition of type \"" + decision + "\""));
            }
        }
    }

    private static boolean has(KubeObject request, String type) {
        for (JsonNode condition : request.at("status", "conditions")) {
            if (Tree.text(condition, "type").equals(type)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of(
                "spec.signerName", request -> request.at("spec", "signerName").asString(""));
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }

    @Override
    public @Nullable String checkName(String name) {
        return NameFormat.dnsSubdomain(name).orElse(null);
    }
}
