package io.mokube.apiserver.admission.policies;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.apiserver.admission.match.Amendment;
import io.mokube.apiserver.admission.policies.Expression.FailedException;
import io.mokube.apiserver.admission.policies.Policy.Mutation;
import io.mokube.apiserver.admission.policies.PolicyBindings.Bound;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.cel.CelTrees;
import io.mokube.apiserver.ownership.FieldOwnership;
import io.mokube.apiserver.ownership.UntypedException;
import io.mokube.apiserver.patch.JsonPatch;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ServedVersion;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Changes writes as bound policies say, one after the other, each seeing what those before it made. A policy that wants to
 * is asked once more when others changed the object after it.
 */
public final class MutatingPolicies implements AdmissionPlugin {

    private static final String OWN_GROUP = "admissionregistration.k8s.io";

    private final PolicyBindings bindings;
    private final ClusterReader cluster;
    private final PolicyInputs inputs;

    /**
     * The plugin.
     *
     * @param resources finds the resource of a kind of parameters
     */
    public MutatingPolicies(
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
        return "MutatingAdmissionPolicy";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        List<Seen> again = run(request, policy -> true);
        KubeObject object = request.object();
        for (Seen seen : again) {
            if (object != null && !seen.left().root().equals(object.root())) {
                change(seen.bound(), request, object);
            }
        }
    }

    /** The policies that want to see what webhooks changed after them. */
    public AdmissionPlugin again() {
        return new AdmissionPlugin() {
            @Override
            public String name() {
                return MutatingPolicies.this.name();
            }

            @Override
            public void mutate(AdmissionRequest request) {
                run(request, Policy::mayRunAgain);
            }
        };
    }

    /** A policy that may be asked again, and the object as it left it. */
    private record Seen(Bound bound, KubeObject left) {}

    /** No policy changes policies: nobody could repair them any more. */
    private List<Seen> run(AdmissionRequest request, Predicate<Policy> wanted) {
        List<Bound> all = bindings.all();
        KubeObject object = request.object();
        boolean changes = request.operation() == Operation.CREATE || request.operation() == Operation.UPDATE;
        List<Seen> again = new ArrayList<>();
        if (all.isEmpty()
                || object == null
                || !changes
                || request.resource().group().equals(OWN_GROUP)) {
            return again;
        }
        for (Bound bound : all) {
            Policy policy = bound.policy().ready();
            if (wanted.test(policy)) {
                change(bound, request, object);
                if (policy.mayRunAgain()) {
                    again.add(new Seen(bound, object.deepCopy()));
                }
            }
        }
        return again;
    }

    private void change(Bound bound, AdmissionRequest request, KubeObject object) {
        Policy policy = bound.policy().ready();
        Optional<String> version = policy.match().versionFor(request, cluster);
        if (version.isEmpty()
                || bound.binding().match().versionFor(request, cluster).isEmpty()) {
            return;
        }
        KubeObject before = object.deepCopy();
        try {
            for (Object parameter : inputs.parameters(policy, bound.binding(), request)) {
                if (isAsked(policy, request, version.get(), parameter)) {
                    for (Mutation mutation : policy.mutations()) {
                        mutate(policy, mutation, request, object, version.get(), parameter);
                    }
                }
            }
        } catch (FailedException e) {
            // A policy does all it says or nothing.
            object.root().removeAll();
            object.root().setAll(before.root());
            if (policy.failsClosed()) {
                String message = "policy '" + policy.name() + "' with binding '"
                        + bound.binding().name() + "' denied request: " + e.getMessage();
                throw ValidatingPolicies.denied(request, message, "");
            }
        }
    }

    private PolicyQuestion question(Policy policy, AdmissionRequest request, String version, Object parameter) {
        Map<String, Object> write = inputs.describe(request, version);
        write.put("params", parameter);
        return new PolicyQuestion(policy, write);
    }

    private boolean isAsked(Policy policy, AdmissionRequest request, String version, Object parameter) {
        return question(policy, request, version, parameter).isAsked();
    }

    private void mutate(
            Policy policy,
            Mutation mutation,
            AdmissionRequest request,
            KubeObject object,
            String version,
            Object parameter) {
        Expression expression = mutation.expression();
        try {
            JsonNode made =
                    CelTrees.of(question(policy, request, version, parameter).value(expression));
            Amendment.make(request, object, version, (tree, served) -> switch (mutation.makes()) {
                case CONFIGURATION -> laid(tree, made, served, request.resource());
                case OPERATIONS -> patched(tree, made);
            });
        } catch (FailedException | ApiException | UntypedException | IllegalArgumentException e) {
            throw new FailedException(
                    "expression '" + expression.text().strip() + "' resulted in error: " + e.getMessage());
        }
    }

    private static ObjectNode laid(ObjectNode tree, JsonNode made, ServedVersion served, ResourceDefinition resource) {
        if (!(made instanceof ObjectNode configuration)) {
            throw new IllegalArgumentException("the result is no Object");
        }
        for (String identity : List.of("apiVersion", "kind")) {
            JsonNode said = configuration.get(identity);
            if (said != null && !said.equals(tree.get(identity))) {
                throw new IllegalArgumentException("must not change " + identity);
            }
        }
        GroupVersionKind kind = new GroupVersionKind(resource.group(), served.name(), resource.kind());
        return FieldOwnership.lay(
                tree, configuration, served.schema().get(), kind.groupVersion().apiVersion() + ", Kind=" + kind.kind());
    }

    /** A patch whose test fails is left out. */
    private static ObjectNode patched(ObjectNode tree, JsonNode made) {
        JsonPatch patch = JsonPatch.of(made);
        return patch.appliesTo(tree) && patch.apply(tree) instanceof ObjectNode root ? root : tree;
    }
}
