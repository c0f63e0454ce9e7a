package io.mokube.apiserver.admission.webhooks;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.webhook.WebhookAddress;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * One webhook of a configuration.
 *
 * @param name unique within its configuration, such as {@code defaults.example.com}
 * @param failsClosed whether a write is refused when the webhook can't be asked
 * @param matchesEquivalent whether it wants writes in other versions than its rules name, turned into the one they name
 * @param mayDryRun whether it promises to do nothing beyond answering when nothing is going to be stored
 * @param mayBeAskedAgain whether it wants to see what others changed after it
 */
record Webhook(
        String name,
        WebhookAddress address,
        List<Rule> rules,
        boolean failsClosed,
        boolean matchesEquivalent,
        LabelSelector namespaceSelector,
        LabelSelector objectSelector,
        Duration timeout,
        boolean mayDryRun,
        boolean mayBeAskedAgain) {

    private static final String ALL = "*";
    private static final int DEFAULT_TIMEOUT_SECONDS = 10;

    Webhook {
        rules = List.copyOf(rules);
    }

    /** Which writes are meant; {@code *} stands for all of a kind. */
    record Rule(
            List<String> operations, List<String> groups, List<String> versions, List<String> resources, String scope) {

        /** Whether the rule means this write, versions aside. */
        boolean means(AdmissionRequest request) {
            return holds(operations, request.operation().name())
                    && holds(groups, request.resource().group())
                    && meansScope(request)
                    && resources.stream().anyMatch(each -> meansResource(each, request));
        }

        private boolean meansScope(AdmissionRequest request) {
            return switch (scope) {
                case "Cluster" -> !request.resource().namespaced();
                case "Namespaced" -> request.resource().namespaced();
                default -> true;
            };
        }

        private static boolean meansResource(String meant, AdmissionRequest request) {
            int slash = meant.indexOf('/');
            String resource = slash < 0 ? meant : meant.substring(0, slash);
            String subresource = slash < 0 ? "" : meant.substring(slash + 1);
            return (resource.equals(ALL) || resource.equals(request.resource().plural()))
                    && (subresource.equals(request.subresource()) || (subresource.equals(ALL) && slash >= 0));
        }

        private static boolean holds(List<String> texts, String text) {
            return texts.contains(ALL) || texts.contains(text);
        }
    }

    /** Reads a webhook of a stored configuration. */
    static Webhook of(JsonNode webhook) {
        List<Rule> rules = new ArrayList<>();
        for (JsonNode rule : webhook.path("rules")) {
            rules.add(new Rule(
                    texts(rule.path("operations")),
                    texts(rule.path("apiGroups")),
                    texts(rule.path("apiVersions")),
                    texts(rule.path("resources")),
                    rule.path("scope").asString(ALL)));
        }
        String sideEffects = webhook.path("sideEffects").asString("");
        return new Webhook(
                webhook.path("name").asString(""),
                WebhookAddress.of(webhook.path("clientConfig")),
                rules,
                !webhook.path("failurePolicy").asString("").equals("Ignore"),
                !webhook.path("matchPolicy").asString("").equals("Exact"),
                LabelSelector.ofJson(webhook.path("namespaceSelector")),
                LabelSelector.ofJson(webhook.path("objectSelector")),
                Duration.ofSeconds(webhook.path("timeoutSeconds").asInt(DEFAULT_TIMEOUT_SECONDS)),
                sideEffects.equals("None") || sideEffects.equals("NoneOnDryRun"),
                webhook.path("reinvocationPolicy").asString("").equals("IfNeeded"));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>(array.size());
        array.forEach(each -> texts.add(each.asString("")));
        return List.copyOf(texts);
    }

    /**
     * The version in which the webhook wants to see a write, empty when the write is none of its business.
     *
     * @param version the version the objects of the request are in
     */
    Optional<String> versionFor(AdmissionRequest request, String version) {
        String equivalent = "";
        for (Rule rule : rules) {
            if (!rule.means(request)) {
                continue;
            }
            if (Rule.holds(rule.versions(), version)) {
                return Optional.of(version);
            }
            for (var served : request.resource().versions()) {
                if (equivalent.isEmpty() && rule.versions().contains(served.name())) {
                    equivalent = served.name();
                }
            }
        }
        return matchesEquivalent && !equivalent.isEmpty() ? Optional.of(equivalent) : Optional.empty();
    }

    /** Whether the object, as it was or as it shall be, has the labels the webhook asks for. */
    boolean selectsObject(AdmissionRequest request) {
        if (objectSelector.isEmpty()) {
            return true;
        }
        KubeObject object = request.object();
        KubeObject old = request.old();
        return (object != null && objectSelector.matches(object.labels()))
                || (old != null && objectSelector.matches(old.labels()));
    }
}
