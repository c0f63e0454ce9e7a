package io.mokube.apiserver.admission.webhooks;

import io.mokube.apiserver.admission.match.Match;
import io.mokube.apiserver.admission.policies.MatchConditions;
import io.mokube.apiserver.webhook.WebhookAddress;
import java.time.Duration;
import tools.jackson.databind.JsonNode;

/**
 * One webhook of a configuration.
 *
 * @param name unique within its configuration, such as {@code defaults.example.com}
 * @param conditions that must hold too
 * @param failsClosed whether a write is refused when the webhook can't be asked
 * @param mayDryRun whether it promises to do nothing beyond answering when nothing is going to be stored
 * @param mayBeAskedAgain whether it wants to see what others changed after it
 */
record Webhook(
        String name,
        WebhookAddress address,
        Match match,
        MatchConditions conditions,
        boolean failsClosed,
        Duration timeout,
        boolean mayDryRun,
        boolean mayBeAskedAgain) {

    private static final int DEFAULT_TIMEOUT_SECONDS = 10;

    /** Reads a webhook of a stored configuration. */
    static Webhook of(JsonNode webhook) {
        String sideEffects = webhook.path("sideEffects").asString("");
        boolean failsClosed = !webhook.path("failurePolicy").asString("").equals("Ignore");
        return new Webhook(
                webhook.path("name").asString(""),
                WebhookAddress.of(webhook.path("clientConfig")),
                Match.ofWebhook(webhook),
                MatchConditions.of(webhook.path("matchConditions"), failsClosed),
                failsClosed,
                Duration.ofSeconds(webhook.path("timeoutSeconds").asInt(DEFAULT_TIMEOUT_SECONDS)),
                sideEffects.equals("None") || sideEffects.equals("NoneOnDryRun"),
                webhook.path("reinvocationPolicy").asString("").equals("IfNeeded"));
    }
}
