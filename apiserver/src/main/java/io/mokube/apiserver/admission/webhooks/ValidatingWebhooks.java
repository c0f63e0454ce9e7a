package io.mokube.apiserver.admission.webhooks;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.webhooks.WebhookCalls.Call;
import io.mokube.machinery.error.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Lets webhooks refuse a write; all are asked at once, since none can change it any more. */
public final class ValidatingWebhooks implements AdmissionPlugin {

    private final WebhookConfigurations configurations;
    private final WebhookCalls webhooks;

    public ValidatingWebhooks(WebhookConfigurations configurations, WebhookCalls webhooks) {
        this.configurations = configurations;
        this.webhooks = webhooks;
    }

    @Override
    public String name() {
        return "ValidatingAdmissionWebhook";
    }

    @Override
    public void validate(AdmissionRequest request) {
        List<Call> calls = webhooks.calls(configurations.all(), request);
        if (calls.size() == 1) {
            webhooks.ask(calls.getFirst(), request);
        } else if (!calls.isEmpty()) {
            askAll(calls, request);
        }
    }

    private void askAll(List<Call> calls, AdmissionRequest request) {
        List<String> warnings = new ArrayList<>();
        AdmissionRequest shared = request.withWarnings(warning -> {
            synchronized (warnings) {
                warnings.add(warning);
            }
        });
        List<Callable<Object>> tasks = new ArrayList<>();
        calls.forEach(call -> tasks.add(() -> webhooks.ask(call, shared)));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            ApiException first = null;
            for (Future<Object> each : threads.invokeAll(tasks)) {
                try {
                    each.get();
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof ApiException refusal)) {
                        throw new IllegalStateException(e.getCause());
                    }
                    first = first == null ? refusal : first;
                }
            }
            warnings.forEach(request.warn());
            if (first != null) {
                throw first;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("interrupted while webhooks were asked");
        }
    }
}
