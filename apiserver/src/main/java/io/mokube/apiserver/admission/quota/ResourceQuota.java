package io.mokube.apiserver.admission.quota;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.ClusterWriter;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Evaluator;
import io.mokube.machinery.time.Clock;

/**
 * Nothing is stored that the resource quotas of its namespace have no room for. The last of all plugins, so that little is
 * charged that is refused for another reason.
 */
public final class ResourceQuota implements AdmissionPlugin {

    private final QuotaLedger ledger;
    private final Clock clock;

    public ResourceQuota(ClusterReader cluster, ClusterWriter writer, Clock clock) {
        this.ledger = new QuotaLedger(cluster, writer);
        this.clock = clock;
    }

    @Override
    public String name() {
        return "ResourceQuota";
    }

    @Override
    public void validate(AdmissionRequest request) {
        GroupResource resource = request.resource().groupResource();
        KubeObject object = request.object();
        if (object == null || request.namespace().isEmpty() || Evaluator.UNCOUNTED.contains(resource)) {
            return;
        }
        Evaluator evaluator = Evaluator.of(resource);
        if (!mayUseMore(request, object, evaluator)) {
            return;
        }
        boolean isStatus = request.subresource().equals("status");
        QuotaClaim claim = new QuotaClaim(evaluator, object, request.old(), isStatus, clock.instant());
        ledger.charge(request.namespace(), claim, request.dryRun()).ifPresent(why -> {
            throw ApiException.forbidden(resource, object.name(), why);
        });
    }

    private static boolean mayUseMore(AdmissionRequest request, KubeObject object, Evaluator evaluator) {
        return switch (request.operation()) {
            case CREATE -> request.subresource().isEmpty();
            case UPDATE -> {
                KubeObject old = request.old();
                yield old != null && evaluator.growsBy(request.subresource(), object, old);
            }
            case DELETE, CONNECT -> false;
        };
    }
}
