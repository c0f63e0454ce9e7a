package io.mokube.apiserver.pipeline;

import io.mokube.apiserver.request.Answer;
import io.mokube.machinery.error.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Whether the server lives and is ready, check by check, in the words of kube-apiserver. */
public final class Health {

    private final Map<String, BooleanSupplier> live = new LinkedHashMap<>();
    private final Map<String, BooleanSupplier> ready = new LinkedHashMap<>();

    /** Adds a check of being alive, which being ready implies. Not to be called once requests come. */
    public Health live(String name, BooleanSupplier check) {
        live.put(name, check);
        return ready(name, check);
    }

    /** Adds a check of being ready. Not to be called once requests come. */
    public Health ready(String name, BooleanSupplier check) {
        ready.put(name, check);
        return this;
    }

    /** Whether everything is ready. */
    public boolean isReady() {
        return ready.values().stream().allMatch(BooleanSupplier::getAsBoolean);
    }

    Answer answer(String kind, String single, boolean verbose, List<String> excluded) {
        Map<String, BooleanSupplier> checks = kind.equals("readyz") ? ready : live;
        if (!single.isEmpty()) {
            BooleanSupplier check = checks.get(single);
            if (check == null) {
                throw ApiException.noSuchPath();
            }
            boolean good = check.getAsBoolean();
            return text(good ? 200 : 500, good ? "ok" : "internal server error: " + single + " failed\n");
        }
        StringBuilder report = new StringBuilder();
        boolean good = true;
        for (Map.Entry<String, BooleanSupplier> check : checks.entrySet()) {
            if (excluded.contains(check.getKey())) {
                report.append("[+]").append(check.getKey()).append(" excluded: ok\n");
            } else if (check.getValue().getAsBoolean()) {
                report.append("[+]").append(check.getKey()).append(" ok\n");
            } else {
                good = false;
                report.append("[-]").append(check.getKey()).append(" failed: reason withheld\n");
            }
        }
        report.append(kind).append(good ? " check passed\n" : " check failed\n");
        return text(good ? 200 : 500, good && !verbose ? "ok" : report.toString());
    }

    private static Answer text(int code, String text) {
        return new Answer.Bytes(
                code,
                "text/plain; charset=utf-8",
                Map.of("X-Content-Type-Options", "nosniff"),
                text.getBytes(StandardCharsets.UTF_8));
    }
}
