package io.mokube.apiserver.admission.policies;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.policies.PolicyBindings.Bound;
import io.mokube.apiserver.admission.policies.PolicyQuestion.Objection;
import io.mokube.apiserver.audit.AuditedRequest;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Refuses writes that break the rules of a bound policy, warns of them, or tells the audit. */
public final class ValidatingPolicies implements AdmissionPlugin {

    /** Where the audit is told of the first policy that only wants it told. */
    private static final String FAILURES = "validation.policy.admission.k8s.io/validation_failure";

    private static final String OWN_GROUP = "admissionregistration.k8s.io";

    private final PolicyBindings bindings;
    private final ClusterReader cluster;
    private final PolicyInputs inputs;

    /**
     * The plugin.
     *
     * @param resources finds the resource of a kind of parameters
     */
    public ValidatingPolicies(
            PolicyBindings bindings,
            ClusterReader cluster,
            Authorizer authorizer,
            Function<GroupVersionKind, Optional<ResourceDefinition>> resources) {
        this.bindings = bindings;
        this.cluster = cluster;
        this.inputs = new PolicyInputs(cluster, authorizer, resources);
    }

    @Override
    public String name() {
        return "ValidatingAdmissionPolicy";
    }

    /** No policy judges policies: nobody could repair them any more. */
    @Override
    public void validate(AdmissionRequest request) {
        List<Bound> all = bindings.all();
        if (all.isEmpty() || request.resource().group().equals(OWN_GROUP)) {
            return;
        }
        for (Bound bound : all) {
            Policy policy = bound.policy().ready();
            Optional<String> version = policy.match().versionFor(request, cluster);
            if (version.isPresent()
                    && bound.binding().match().versionFor(request, cluster).isPresent()) {
                ask(policy, bound.binding(), request, version.get());
            }
        }
    }

    private void ask(Policy policy, Binding binding, AdmissionRequest request, String version) {
        Map<String, Object> write = inputs.describe(request, version);
        List<Objection> objections = new ArrayList<>();
        try {
            for (Object parameter : inputs.parameters(policy, binding, request)) {
                write.put("params", parameter);
                PolicyQuestion question = new PolicyQuestion(policy, write);
                objections.addAll(question.objections());
                if (!policy.annotations().isEmpty() && question.isAsked()) {
                    question.annotate((key, text) -> AuditedRequest.annotate(policy.name() + "/" + key, text));
                }
            }
        } catch (Expression.FailedException e) {
            if (policy.failsClosed()) {
                objections.add(new Objection(-1, "failed to configure binding: " + e.getMessage(), ""));
            }
        }
        String by = "ValidatingAdmissionPolicy '" + policy.name() + "' with binding '" + binding.name() + "'";
        if (binding.actions().contains("Warn")) {
            objections.forEach(
                    objection -> request.warn().accept("Validation failed for " + by + ": " + objection.message()));
        }
        if (binding.actions().contains("Audit") && !objections.isEmpty()) {
            AuditedRequest.annotate(FAILURES, failures(policy, binding, objections));
        }
        if (binding.actions().contains("Deny") && !objections.isEmpty()) {
            Objection first = objections.getFirst();
            throw denied(request, by + " denied request: " + first.message(), first.reason());
        }
    }

    private static String failures(Policy policy, Binding binding, List<Objection> objections) {
        ArrayNode failures = Json.MAPPER.createArrayNode();
        for (Objection objection : objections) {
            ObjectNode failure = failures.addObject();
            failure.put("message", objection.message());
            failure.put("policy", policy.name());
            failure.put("binding", binding.name());
            failure.put("expressionIndex", Math.max(0, objection.index()));
            ArrayNode actions = failure.putArray("validationActions");
            binding.actions().stream().sorted().forEach(actions::add);
        }
        return failures.toString();
    }

    /** A refusal with this message, for this machine-readable reason: {@code ""} for Invalid. */
    static ApiException denied(AdmissionRequest request, String message, String reason) {
        KubeObject object = request.object();
        String name = request.name().isEmpty() && object != null ? object.generateName() : request.name();
        Status plain = ApiException.forbidden(request.resource().groupResource(), name, message)
                .status();
        String given = reason.isEmpty() ? "Invalid" : reason;
        int code =
                switch (given) {
                    case "Forbidden" -> 403;
                    case "Unauthorized" -> 401;
                    case "RequestEntityTooLarge" -> 413;
                    default -> 422;
                };
        return new ApiException(new Status(
                code,
                given,
                plain.message(),
                new Status.Details(
                        name,
                        request.resource().group(),
                        request.resource().plural(),
                        "",
                        List.of(new Status.Cause("", message, "")),
                        0)));
    }
}
