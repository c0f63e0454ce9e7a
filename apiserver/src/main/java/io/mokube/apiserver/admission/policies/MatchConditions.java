package io.mokube.apiserver.admission.policies;

import dev.cel.common.types.CelKind;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.match.Match;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.machinery.error.ApiException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Expressions that must all hold for a webhook to be asked. */
public final class MatchConditions {

    private final @Nullable Policy policy;

    private MatchConditions(@Nullable Policy policy) {
        this.policy = policy;
    }

    /**
     * Reads the conditions of a webhook.
     *
     * @param failsClosed whether a write is refused when a condition fails
     */
    public static MatchConditions of(JsonNode conditions, boolean failsClosed) {
        return new MatchConditions(
                conditions.isEmpty()
                        ? null
                        : new Policy(
                                "",
                                Match.ofPolicy(conditions),
                                Optional.empty(),
                                failsClosed,
                                Policy.named(conditions, "name", "expression", CelKind.BOOL),
                                Map.of(),
                                List.of(),
                                Map.of(),
                                List.of(),
                                false));
    }

    /**
     * Whether all hold for a write. One that fails counts as not holding, unless a write is to be refused then.
     *
     * @param version in which the objects are shown
     * @throws ApiException 403 when a condition fails
     */
    public boolean hold(AdmissionRequest request, String version, ClusterReader cluster, Authorizer authorizer) {
        Policy conditions = policy;
        if (conditions == null) {
            return true;
        }
        try {
            PolicyInputs inputs = new PolicyInputs(cluster, authorizer, kind -> Optional.empty());
            return new PolicyQuestion(conditions, inputs.describe(request, version)).isAsked();
        } catch (Expression.FailedException e) {
            if (conditions.failsClosed()) {
                throw ApiException.forbidden(
                        request.resource().groupResource(), request.name(), String.valueOf(e.getMessage()));
            }
            return false;
        }
    }
}
