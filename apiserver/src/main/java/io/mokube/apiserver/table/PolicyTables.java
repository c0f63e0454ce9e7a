package io.mokube.apiserver.table;

import static io.mokube.apiserver.table.ColumnTable.age;
import static io.mokube.apiserver.table.ColumnTable.createdAt;
import static io.mokube.apiserver.table.ColumnTable.name;
import static io.mokube.apiserver.table.ColumnTable.number;
import static io.mokube.apiserver.table.ColumnTable.text;
import static io.mokube.apiserver.table.ColumnTable.truth;
import static io.mokube.apiserver.table.ColumnTable.wide;
import static io.mokube.apiserver.table.Fields.NONE;
import static io.mokube.apiserver.table.Fields.UNSET;

import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** Who may do what, what may be disrupted, what is scaled, what comes first. */
public final class PolicyTables {

    public static final TableLayout ROLES = ColumnTable.of(name(), createdAt());

    public static final TableLayout ROLE_BINDINGS = ColumnTable.of(
            name(),
            text(
                    "Role",
                    "The role that is given.",
                    object -> Fields.text(object, "roleRef", "kind") + "/" + Fields.text(object, "roleRef", "name")),
            age(),
            wide("Users", "Users that get it.", object -> subjects(object, "User")),
            wide("Groups", "Groups that get it.", object -> subjects(object, "Group")),
            wide("ServiceAccounts", "Service accounts that get it.", object -> subjects(object, "ServiceAccount")));

    public static final TableLayout DISRUPTION_BUDGETS = ColumnTable.of(
            name(),
            text(
                    "Min Available",
                    "Pods that must stay available.",
                    object -> object.at("spec", "minAvailable").asString("N/A")),
            text(
                    "Max Unavailable",
                    "Pods that may be unavailable.",
                    object -> object.at("spec", "maxUnavailable").asString("N/A")),
            number(
                    "Allowed Disruptions",
                    "Pods that may be evicted now.",
                    object -> Fields.number(object, "status", "disruptionsAllowed")),
            age());

    public static final TableLayout AUTOSCALERS = ColumnTable.of(
            name(),
            text(
                    "Reference",
                    "What is scaled.",
                    object -> Fields.text(object, "spec", "scaleTargetRef", "kind")
                            + "/"
                            + Fields.text(object, "spec", "scaleTargetRef", "name")),
            text("Targets", "Metrics: what is, what should be.", object -> targets(object)),
            text(
                    "MinPods",
                    "Fewest pods.",
                    object -> object.at("spec", "minReplicas").asString(UNSET)),
            text("MaxPods", "Most pods.", object -> Fields.number(object, "spec", "maxReplicas")),
            text("Replicas", "Pods there are.", object -> Fields.number(object, "status", "currentReplicas")),
            age());

    /** What {@code --subresource=scale} shows of anything that has replicas. */
    public static final TableLayout SCALES = ColumnTable.of(
            new ColumnTable.Filled(
                    new TableLayout.Column("Name", "string", "", "Name of the object, unique in its namespace.", 0),
                    (object, now) -> object.name()),
            number("Desired", "Pods wanted.", object -> Fields.number(object, "spec", "replicas")),
            number("Available", "Pods there are.", object -> Fields.number(object, "status", "replicas")),
            age());

    public static final TableLayout PRIORITY_CLASSES = ColumnTable.of(
            name(),
            number("Value", "The higher, the sooner scheduled.", object -> Fields.number(object, "value")),
            truth(
                    "Global-Default",
                    "Whether pods without a class get it.",
                    object -> object.at("globalDefault").asBoolean(false)),
            age(),
            text(
                    "PreemptionPolicy",
                    "Whether others may be evicted for it.",
                    object -> Fields.text(object, "preemptionPolicy")));

    public static final TableLayout CERTIFICATE_SIGNING_REQUESTS = ColumnTable.of(
            name(),
            age(),
            text("SignerName", "Who is to sign.", object -> Fields.textOr(NONE, object, "spec", "signerName")),
            text("Requestor", "Who asks.", object -> Fields.text(object, "spec", "username")),
            text("RequestedDuration", "How long it is to be valid.", object -> requestedDuration(object)),
            text("Condition", "What became of it.", object -> certificateCondition(object)));

    public static final TableLayout LEASES = ColumnTable.of(
            name(),
            text("Holder", "Who holds the lease.", object -> Fields.text(object, "spec", "holderIdentity")),
            age());

    public static final TableLayout RUNTIME_CLASSES = ColumnTable.of(
            name(), text("Handler", "What the runtime calls it.", object -> Fields.text(object, "handler")), age());

    public static final TableLayout CUSTOM_RESOURCE_DEFINITIONS = ColumnTable.of(name(), createdAt());

    public static final TableLayout API_SERVICES = ColumnTable.of(
            name(),
            text(
                    "Service",
                    "Where requests go.",
                    object -> object.at("spec", "service").isObject()
                            ? Fields.text(object, "spec", "service", "namespace")
                                    + "/"
                                    + Fields.text(object, "spec", "service", "name")
                            : "Local"),
            text("Available", "Whether it answers.", object -> available(object)),
            age());

    public static final TableLayout WEBHOOK_CONFIGURATIONS = ColumnTable.of(
            name(), number("Webhooks", "Number of webhooks.", object -> Fields.size(object, "webhooks")), age());

    public static final TableLayout VALIDATING_POLICIES = ColumnTable.of(
            name(),
            number("Validations", "Number of rules.", object -> Fields.size(object, "spec", "validations")),
            text("ParamKind", "Kind of its parameters.", object -> paramKind(object)),
            age());

    public static final TableLayout MUTATING_POLICIES = ColumnTable.of(
            name(),
            number("Mutations", "Number of mutations.", object -> Fields.size(object, "spec", "mutations")),
            text("ParamKind", "Kind of its parameters.", object -> paramKind(object)),
            age());

    public static final TableLayout POLICY_BINDINGS = ColumnTable.of(
            name(),
            text("PolicyName", "Policy that is put to use.", object -> Fields.text(object, "spec", "policyName")),
            text("ParamRef", "Its parameters.", object -> paramRef(object)),
            age());

    public static final TableLayout FLOW_SCHEMAS = ColumnTable.of(
            name(),
            text(
                    "PriorityLevel",
                    "Level of matching requests.",
                    object -> Fields.text(object, "spec", "priorityLevelConfiguration", "name")),
            text(
                    "MatchingPrecedence",
                    "The lower, the sooner matched.",
                    object -> Fields.number(object, "spec", "matchingPrecedence")),
            text(
                    "DistinguisherMethod",
                    "How flows are told apart.",
                    object -> Fields.textOr(NONE, object, "spec", "distinguisherMethod", "type")),
            age(),
            text("MissingPL", "Whether the level is missing.", object -> danglingStatus(object)));

    public static final TableLayout PRIORITY_LEVELS = ColumnTable.of(
            name(),
            text("Type", "Whether requests are limited.", object -> Fields.text(object, "spec", "type")),
            text("NominalConcurrencyShares", "Share of the server.", object -> shares(object)),
            text("Queues", "Number of queues.", object -> queuing(object, "queues")),
            text("HandSize", "Queues a flow may use.", object -> queuing(object, "handSize")),
            text("QueueLengthLimit", "Most requests in a queue.", object -> queuing(object, "queueLengthLimit")),
            age());

    private PolicyTables() {}

    private static String subjects(KubeObject binding, String kind) {
        List<String> names = new ArrayList<>();
        for (JsonNode subject : binding.at("subjects")) {
            if (subject.path("kind").asString("").equals(kind)) {
                String name = subject.path("name").asString("");
                String namespace = subject.path("namespace").asString("");
                names.add(kind.equals("ServiceAccount") ? namespace + "/" + name : name);
            }
        }
        return String.join(", ", names);
    }

    private static String targets(KubeObject autoscaler) {
        JsonNode metrics = autoscaler.at("spec", "metrics");
        if (metrics.isEmpty()) {
            return NONE;
        }
        List<String> targets = new ArrayList<>();
        for (int i = 0; i < metrics.size() && i < 2; i++) {
            targets.add(target(
                    metrics.path(i), autoscaler.at("status", "currentMetrics").path(i)));
        }
        String more = metrics.size() > 2 ? " + " + (metrics.size() - 2) + " more..." : "";
        return String.join(", ", targets) + more;
    }

    private static String target(JsonNode metric, JsonNode current) {
        String field =
                switch (metric.path("type").asString("")) {
                    case "Resource" -> "resource";
                    case "ContainerResource" -> "containerResource";
                    case "Pods" -> "pods";
                    case "Object" -> "object";
                    case "External" -> "external";
                    default -> "";
                };
        if (field.isEmpty()) {
            return "<unknown type>";
        }
        JsonNode wanted = metric.path(field).path("target");
        JsonNode seen = current.path(field).path("current");
        boolean ofResource = field.equals("resource") || field.equals("containerResource");
        String name = ofResource ? metric.path(field).path("name").asString("") + ": " : "";
        if (wanted.has("averageValue")) {
            String average = ofResource || field.equals("pods") ? "" : " (avg)";
            return name
                    + seen.path("averageValue").asString(HumanDuration.UNKNOWN)
                    + "/"
                    + wanted.path("averageValue").asString("")
                    + average;
        } else if (ofResource) {
            return name
                    + percent(seen.path("averageUtilization"), HumanDuration.UNKNOWN)
                    + "/"
                    + percent(wanted.path("averageUtilization"), "<auto>");
        }
        return seen.path("value").asString(HumanDuration.UNKNOWN)
                + "/"
                + wanted.path("value").asString("");
    }

    private static String percent(JsonNode utilization, String absent) {
        return utilization.isNumber() ? utilization.asInt(0) + "%" : absent;
    }

    private static String requestedDuration(KubeObject request) {
        JsonNode seconds = request.at("spec", "expirationSeconds");
        return seconds.isNumber() ? HumanDuration.of(Duration.ofSeconds(seconds.asLong(0))) : NONE;
    }

    private static String certificateCondition(KubeObject request) {
        String status = "Pending";
        if (Fields.hasConditionOfType(request, "Denied")) {
            status = "Denied";
        } else if (Fields.hasConditionOfType(request, "Approved")) {
            status = "Approved";
        }
        if (Fields.hasConditionOfType(request, "Failed")) {
            status += ",Failed";
        }
        return Fields.text(request, "status", "certificate").isEmpty() ? status : status + ",Issued";
    }

    private static String available(KubeObject service) {
        for (JsonNode condition : service.at("status", "conditions")) {
            if (condition.path("type").asString("").equals("Available")) {
                String status = condition.path("status").asString("");
                return status.equals("True")
                        ? status
                        : status + " (" + condition.path("reason").asString("") + ")";
            }
        }
        return "Unknown";
    }

    private static String paramKind(KubeObject policy) {
        JsonNode kind = policy.at("spec", "paramKind");
        return kind.isObject()
                ? kind.path("apiVersion").asString("") + "/" + kind.path("kind").asString("")
                : UNSET;
    }

    private static String paramRef(KubeObject binding) {
        JsonNode reference = binding.at("spec", "paramRef");
        if (!reference.isObject()) {
            return UNSET;
        }
        String name = reference.path("name").asString("");
        if (name.isEmpty()) {
            return reference.has("selector") ? selectorInGo(reference.path("selector")) : UNSET;
        }
        // Whether the parameters have namespaces can't be seen from here.
        String namespace = reference.path("namespace").asString("");
        return (namespace.isEmpty() ? "*" : namespace) + "/" + name;
    }

    /** A label selector as Go's protobuf types write themselves, which is what Kubernetes shows here. */
    private static String selectorInGo(JsonNode selector) {
        StringBuilder text = new StringBuilder("&LabelSelector{MatchLabels:map[string]string{");
        Map<String, JsonNode> labels = new TreeMap<>();
        selector.path("matchLabels").properties().forEach(label -> labels.put(label.getKey(), label.getValue()));
        labels.forEach((key, value) ->
                text.append(key).append(": ").append(value.asString("")).append(','));
        text.append("},MatchExpressions:[]LabelSelectorRequirement{");
        for (JsonNode expression : selector.path("matchExpressions")) {
            text.append("LabelSelectorRequirement{Key:")
                    .append(expression.path("key").asString(""))
                    .append(",Operator:")
                    .append(expression.path("operator").asString(""))
                    .append(",Values:[")
                    .append(String.join(" ", Fields.strings(expression.path("values"))))
                    .append("],},");
        }
        return text.append("},}").toString();
    }

    private static String danglingStatus(KubeObject schema) {
        for (JsonNode condition : schema.at("status", "conditions")) {
            if (condition.path("type").asString("").equals("Dangling")) {
                return condition.path("status").asString("");
            }
        }
        return "?";
    }

    private static Object shares(KubeObject level) {
        return numberOrNone(level.at("spec", "limited", "nominalConcurrencyShares"));
    }

    private static Object queuing(KubeObject level, String field) {
        return numberOrNone(level.at("spec", "limited", "limitResponse", "queuing", field));
    }

    private static Object numberOrNone(JsonNode value) {
        if (value.isNumber()) {
            return value.asLong(0);
        }
        return NONE;
    }
}
