package io.mokube.apiserver.verbs;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.Operation;
import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Map;

/** POST of a pod's eviction: a deletion that respects disruption budgets. */
final class EvictionVerb implements Verb {

    private static final GroupResource BUDGETS = new GroupResource("policy", "poddisruptionbudgets");

    private final Backend backend;
    private final DeleteVerb delete;
    private final Reads reads;

    EvictionVerb(Backend backend) {
        this.backend = backend;
        this.delete = new DeleteVerb(backend);
        this.reads = new Reads(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        KubeObject eviction = Bodies.readAs(request, "policy/v1", "Eviction", FieldValidation.IGNORE);
        ObjectKey key = Paths.key(request, served.definition());
        DeleteOptions options = DeleteOptions.of(eviction.at("deleteOptions"), request.query());
        reads.awaitCurrent();
        StoredObject stored = backend.objects().getCached(served.definition(), key);
        if (stored == null) {
            throw ApiException.notFound(served.definition().groupResource(), key.name());
        }
        KubeObject pod = stored.parse();
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
        boolean finished = List.of("Succeeded", "Failed")
                .contains(pod.at("status", "phase").asString(""));
        if (!finished && !pod.isBeingDeleted()) {
            checkBudgets(pod);
        }
        Writes.Writer writer = new Writes.Writer(request.user(), options.dryRun(), request::warn);
        delete.delete(served.definition(), key, options, writer);
        return new Answer.Document(201, Answers.success());
    }

    private void checkBudgets(KubeObject pod) {
        Selection selection = Selection.of(pod.namespace());
        Map<String, String> labels = pod.labels();
        backend.cache().list(BUDGETS).objects().scan(selection.firstKey(), entry -> {
            if (!selection.test(entry)) {
                return false;
            }
            KubeObject budget = entry.object().parse();
            boolean covers = budget.at("spec", "selector").isObject()
                    && LabelSelector.ofJson(budget.at("spec", "selector")).matches(labels);
            if (covers && budget.at("status", "disruptionsAllowed").asLong(0) <= 0) {
                throw refused(budget);
            }
            return true;
        });
    }

    private static ApiException refused(KubeObject budget) {
        String detail = "The disruption budget " + budget.name() + " needs "
                + budget.at("status", "desiredHealthy").asLong(0) + " healthy pods and has "
                + budget.at("status", "currentHealthy").asLong(0) + " currently";
        return new ApiException(new Status(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                new Status.Details("", "", "", "", List.of(new Status.Cause("DisruptionBudget", detail, "")), 0)));
    }
}
