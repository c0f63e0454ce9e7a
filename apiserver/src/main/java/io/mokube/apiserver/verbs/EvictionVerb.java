package io.mokube.apiserver.verbs;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.Operation;
import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * POST of a pod's eviction: a deletion that respects disruption budgets. Every allowed eviction is taken off its budget's
 * status before the pod is touched, so that any number of evictions at once never goes below the budget. The pod's
 * condition DisruptionTarget and its deletion are one write.
 */
final class EvictionVerb implements Verb {

    private static final GroupResource BUDGETS = new GroupResource("policy", "poddisruptionbudgets");
    private static final Set<String> UNGUARDED_PHASES = Set.of("Pending", "Succeeded", "Failed");

    /** How often a pod is looked at anew that changed between being judged and being deleted. */
    private static final int MOST_ATTEMPTS = 20;

    private final Backend backend;
    private final Reads reads;
    private final Writes writes;

    EvictionVerb(Backend backend) {
        this.backend = backend;
        this.reads = new Reads(backend);
        this.writes = new Writes(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        KubeObject eviction = Bodies.readAs(request, "policy/v1", "Eviction", FieldValidation.IGNORE);
        ObjectKey key = Paths.key(request, served.definition());
        if (!eviction.name().equals(key.name())) {
            throw ApiException.badRequest("name in URL does not match name in Eviction object");
        }
        DeleteOptions options = DeleteOptions.of(eviction.at("deleteOptions"), request.query());
        backend.admission()
                .validate(new AdmissionRequest(
                        Operation.CREATE,
                        served.definition(),
                        "eviction",
                        key.namespace(),
                        key.name(),
                        eviction,
                        null,
                        request.user(),
                        options.dryRun(),
                        request::warn));
        Writes.Writer writer = new Writes.Writer(request.user(), options.dryRun(), request::warn);
        for (int attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
            KubeObject pod = read(served.definition(), key);
            Predicate<KubeObject> permit =
                    permit(pod, options.dryRun()).and(current -> current.uid().equals(pod.uid()));
            if (delete(served.definition(), key, permit, options, writer)) {
                return new Answer.Document(201, Answers.created());
            }
        }
        throw refused("The pod " + key.name() + " is still being processed by the server.", 10);
    }

    private KubeObject read(ResourceDefinition pods, ObjectKey key) {
        reads.awaitCurrent();
        StoredObject stored = backend.objects().getCached(pods, key);
        if (stored == null) {
            throw ApiException.notFound(pods.groupResource(), key.name());
        }
        return ObjectStore.parse(pods, stored);
    }

    /**
     * Lets a pod be evicted, or refuses.
     *
     * @return as long as what holds of the pod that shall be deleted
     */
    private Predicate<KubeObject> permit(KubeObject pod, boolean dryRun) {
        if (isUnguarded(pod)) {
            return EvictionVerb::isUnguarded;
        }
        List<KubeObject> budgets = covering(pod);
        if (budgets.size() > 1) {
            throw new ApiException(new Status(
                    500,
                    "",
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
                    null));
        }
        if (budgets.isEmpty()) {
            return any -> true;
        }
        KubeObject budget = budgets.getFirst();
        if (!isReady(pod) && sparesUnready(budget)) {
            return current -> !isReady(current);
        }
        take(budget.key(), pod.name(), dryRun);
        return any -> true;
    }

    /** Whether the pod does not serve any more, or not yet: then no budget is asked. */
    private static boolean isUnguarded(KubeObject pod) {
        return pod.isBeingDeleted()
                || UNGUARDED_PHASES.contains(pod.at("status", "phase").asString(""));
    }

    private static boolean isReady(KubeObject pod) {
        return PodConditions.isTrue(pod, "Ready");
    }

    /** Whether pods that are not ready, and so don't count as healthy, may go without being counted. */
    private static boolean sparesUnready(KubeObject budget) {
        if (budget.at("spec", "unhealthyPodEvictionPolicy").asString("").equals("AlwaysAllow")) {
            return true;
        }
        long desired = budget.at("status", "desiredHealthy").asLong(0);
        return desired > 0 && budget.at("status", "currentHealthy").asLong(0) >= desired;
    }

    private List<KubeObject> covering(KubeObject pod) {
        Selection selection = Selection.of(pod.namespace());
        Map<String, String> labels = pod.labels();
        List<KubeObject> covering = new ArrayList<>();
        backend.cache().list(BUDGETS).objects().scan(selection.firstKey(), entry -> {
            if (!selection.test(entry)) {
                return false;
            }
            KubeObject budget = entry.object().parse();
            if (budget.at("spec", "selector").isObject()
                    && LabelSelector.ofJson(budget.at("spec", "selector")).matches(labels)) {
                covering.add(budget);
            }
            return true;
        });
        return covering;
    }

    /** Takes one disruption off a budget, or refuses. */
    private void take(ObjectKey key, String pod, boolean dryRun) {
        ResourceDefinition budgets = backend.resources().find(BUDGETS).orElseThrow();
        Instant now = backend.platform().clock().instant();
        backend.objects().change(budgets, key, budget -> {
            if (budget == null) {
                throw ApiException.notFound(BUDGETS, key.name());
            }
            DisruptionAllowance.take(budget, pod, now);
            return dryRun ? new Change.Keep() : new Change.Write(budget);
        });
    }

    /** Deletes the pod, unless it is by now another one than was permitted. */
    private boolean delete(
            ResourceDefinition pods,
            ObjectKey key,
            Predicate<KubeObject> permit,
            DeleteOptions options,
            Writes.Writer writer) {
        boolean[] permitted = {true};
        Instant now = backend.platform().clock().instant();
        writes.change(pods, key, writer, pod -> {
            if (pod == null) {
                throw ApiException.notFound(pods.groupResource(), key.name());
            }
            permitted[0] = permit.test(pod);
            if (!permitted[0]) {
                return new Change.Keep();
            }
            boolean marked =
                    PodConditions.set(pod, "DisruptionTarget", "EvictionByEvictionAPI", "Eviction API: evicting", now);
            Change change = Deletion.decide(pods, pod, options, now);
            return marked && change instanceof Change.Keep ? new Change.Write(pod) : change;
        });
        return permitted[0];
    }

    /** 429, which clients take as "later". */
    static ApiException refused(String detail, int retryAfterSeconds) {
        return new ApiException(new Status(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                new Status.Details(
                        "", "", "", "", List.of(new Status.Cause("DisruptionBudget", detail, "")), retryAfterSeconds)));
    }
}
