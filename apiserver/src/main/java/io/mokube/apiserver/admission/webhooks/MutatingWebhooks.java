package io.mokube.apiserver.admission.webhooks;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.Operation;
import io.mokube.apiserver.admission.match.Amendment;
import io.mokube.apiserver.admission.webhooks.WebhookCalls.Call;
import io.mokube.apiserver.admission.webhooks.WebhookCalls.Verdict;
import io.mokube.apiserver.patch.JsonPatch;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Lets webhooks change a write, one after the other, each seeing what the ones before it made. */
public final class MutatingWebhooks implements AdmissionPlugin {

    private final WebhookConfigurations configurations;
    private final WebhookCalls webhooks;
    private final List<AdmissionPlugin> others;

    /** @param others the server's own plugins, which complete what a webhook added */
    public MutatingWebhooks(WebhookConfigurations configurations, WebhookCalls webhooks, List<AdmissionPlugin> others) {
        this.configurations = configurations;
        this.webhooks = webhooks;
        this.others = List.copyOf(others);
    }

    @Override
    public String name() {
        return "MutatingAdmissionWebhook";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        List<Call> calls = webhooks.calls(configurations.all(), request);
        KubeObject object = request.object();
        if (calls.isEmpty() || object == null) {
            return;
        }
        List<Seen> again = new ArrayList<>();
        boolean changed = false;
        for (Call call : calls) {
            changed |= ask(call, request, object);
            if (call.webhook().mayBeAskedAgain()) {
                again.add(new Seen(call, object.deepCopy()));
            }
        }
        if (!changed) {
            return;
        }
        others.forEach(plugin -> plugin.mutate(request));
        for (Seen seen : again) {
            if (!seen.left().root().equals(object.root())) {
                ask(seen.call(), request, object);
            }
        }
    }

    /** A webhook and the object as it left it. */
    private record Seen(Call call, KubeObject left) {}

    /** Mutating webhooks hear of deletions too, and may refuse them. */
    @Override
    public void validate(AdmissionRequest request) {
        if (request.operation() == Operation.DELETE) {
            webhooks.calls(configurations.all(), request).forEach(call -> webhooks.ask(call, request));
        }
    }

    /** Returns whether the webhook changed the object. */
    private boolean ask(Call call, AdmissionRequest request, KubeObject object) {
        Optional<Verdict> verdict = webhooks.ask(call, request);
        JsonNode patch = verdict.map(Verdict::patch).orElse(null);
        if (patch == null) {
            return false;
        }
        return Amendment.make(request, object, call.version(), (tree, served) -> {
            try {
                if (JsonPatch.of(patch).apply(tree) instanceof ObjectNode root) {
                    return root;
                }
                throw ApiException.badRequest("the result is no object");
            } catch (ApiException e) {
                throw ApiException.internal(
                        "the patch of webhook \"" + call.webhook().name() + "\" can't be applied: " + e.getMessage());
            }
        });
    }
}
