package io.mokube.apiserver.table;

import static io.mokube.apiserver.table.ColumnTable.age;
import static io.mokube.apiserver.table.ColumnTable.createdAt;
import static io.mokube.apiserver.table.ColumnTable.name;
import static io.mokube.apiserver.table.ColumnTable.text;
import static io.mokube.apiserver.table.ColumnTable.timed;
import static io.mokube.apiserver.table.ColumnTable.wide;
import static io.mokube.apiserver.table.Fields.NONE;
import static io.mokube.apiserver.table.HumanDuration.UNKNOWN;

import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Nodes, namespaces, configuration, events and what else is in the core group. */
public final class CoreTables {

    public static final TableLayout NODES = ColumnTable.of(
            name(),
            text("Status", "Whether the node is ready and takes pods.", object -> nodeStatus(object)),
            text("Roles", "What the node is for.", object -> roles(object)),
            age(),
            text(
                    "Version",
                    "Version of the node's agent.",
                    object -> Fields.text(object, "status", "nodeInfo", "kubeletVersion")),
            wide("Internal-IP", "Address inside the cluster.", object -> nodeAddress(object, "InternalIP")),
            wide("External-IP", "Address outside the cluster.", object -> nodeAddress(object, "ExternalIP")),
            wide(
                    "OS-Image",
                    "Operating system.",
                    object -> Fields.textOr(UNKNOWN, object, "status", "nodeInfo", "osImage")),
            wide(
                    "Kernel-Version",
                    "Version of the kernel.",
                    object -> Fields.textOr(UNKNOWN, object, "status", "nodeInfo", "kernelVersion")),
            wide(
                    "Container-Runtime",
                    "Runtime and its version.",
                    object -> Fields.textOr(UNKNOWN, object, "status", "nodeInfo", "containerRuntimeVersion")));

    public static final TableLayout NAMESPACES = ColumnTable.of(
            name(),
            text(
                    "Status",
                    "Whether the namespace is in use or going.",
                    object -> Fields.text(object, "status", "phase")),
            age());

    public static final TableLayout CONFIG_MAPS = ColumnTable.of(
            name(),
            text(
                    "Data",
                    "Number of entries.",
                    object -> Fields.size(object, "data") + Fields.size(object, "binaryData")),
            age());

    public static final TableLayout SECRETS = ColumnTable.of(
            name(),
            text("Type", "What the secret is for.", object -> Fields.text(object, "type")),
            text("Data", "Number of entries.", object -> Fields.size(object, "data")),
            age());

    public static final TableLayout SERVICE_ACCOUNTS = ColumnTable.of(
            name(),
            text("Secrets", "Number of secrets of the account.", object -> Fields.size(object, "secrets")),
            age());

    public static final TableLayout EVENTS = ColumnTable.of(
            timed("Last Seen", "Time since it last happened.", 0, CoreTables::lastSeen),
            text("Type", "Normal or Warning.", object -> Fields.text(object, "type")),
            text("Reason", "Short, machine-readable reason.", object -> Fields.text(object, "reason")),
            text("Object", "What it happened to.", object -> involvedObject(object)),
            wide("Subobject", "Which part of it.", object -> Fields.text(object, "involvedObject", "fieldPath")),
            wide("Source", "Who reports it.", object -> eventSource(object)),
            text(
                    "Message",
                    "What happened.",
                    object -> Fields.text(object, "message").strip()),
            timed("First Seen", "Time since it first happened.", 1, CoreTables::firstSeen),
            wide("Count", "How often it happened.", object -> eventCount(object)),
            new ColumnTable.Filled(
                    new TableLayout.Column("Name", "string", "name", "Name of the event.", 1),
                    (object, now) -> object.name()));

    public static final TableLayout COMPONENT_STATUSES = ColumnTable.of(
            name(),
            text("Status", "Whether the component is healthy.", object -> componentStatus(object)),
            text("Message", "What it says.", object -> ofHealth(object, "message")),
            text("Error", "What is wrong.", object -> ofHealth(object, "error")));

    public static final TableLayout LIMIT_RANGES = ColumnTable.of(name(), createdAt());

    public static final TableLayout RESOURCE_QUOTAS = ColumnTable.of(
            name(),
            text("Request", "Use and limit of requests and counts.", object -> quota(object, false)),
            text("Limit", "Use and limit of limits.", object -> quota(object, true)),
            age());

    private CoreTables() {}

    private static String nodeStatus(KubeObject node) {
        String status = "Unknown";
        for (JsonNode condition : node.at("status", "conditions")) {
            if (condition.path("type").asString("").equals("Ready")) {
                status = condition.path("status").asString("").equals("True") ? "Ready" : "NotReady";
            }
        }
        return node.at("spec", "unschedulable").asBoolean(false) ? status + ",SchedulingDisabled" : status;
    }

    private static String roles(KubeObject node) {
        Set<String> roles = new TreeSet<>();
        String prefix = "node-role.kubernetes.io/";
        for (Map.Entry<String, String> label : node.labels().entrySet()) {
            if (label.getKey().startsWith(prefix) && label.getKey().length() > prefix.length()) {
                roles.add(label.getKey().substring(prefix.length()));
            } else if (label.getKey().equals("kubernetes.io/role")
                    && !label.getValue().isEmpty()) {
                roles.add(label.getValue());
            }
        }
        return Fields.joinedOrNone(roles);
    }

    private static String nodeAddress(KubeObject node, String type) {
        for (JsonNode address : node.at("status", "addresses")) {
            if (address.path("type").asString("").equals(type)) {
                return address.path("address").asString("");
            }
        }
        return NONE;
    }

    private static String firstSeen(KubeObject event, Instant now) {
        String first = Fields.text(event, "firstTimestamp");
        return HumanDuration.since(first.isEmpty() ? Fields.text(event, "eventTime") : first, now);
    }

    private static String lastSeen(KubeObject event, Instant now) {
        if (event.at("series").isObject()) {
            return HumanDuration.since(Fields.text(event, "series", "lastObservedTime"), now);
        }
        String last = Fields.text(event, "lastTimestamp");
        return last.isEmpty() ? firstSeen(event, now) : HumanDuration.since(last, now);
    }

    private static long eventCount(KubeObject event) {
        if (event.at("series").isObject()) {
            return Fields.number(event, "series", "count");
        }
        return Math.max(1, Fields.number(event, "count"));
    }

    private static String involvedObject(KubeObject event) {
        String kind = Fields.text(event, "involvedObject", "kind").toLowerCase(Locale.ROOT);
        String name = Fields.text(event, "involvedObject", "name");
        return name.isEmpty() ? kind : kind + "/" + name;
    }

    private static String eventSource(KubeObject event) {
        String component = Fields.text(event, "source", "component");
        String host = Fields.text(event, "source", "host");
        if (component.isEmpty()) {
            component = Fields.text(event, "reportingComponent");
        }
        if (host.isEmpty()) {
            host = Fields.text(event, "reportingInstance");
        }
        return host.isEmpty() ? component : component + ", " + host;
    }

    private static String componentStatus(KubeObject object) {
        return switch (ofHealth(object, "status")) {
            case "" -> "Unknown";
            case "True" -> "Healthy";
            default -> "Unhealthy";
        };
    }

    private static String ofHealth(KubeObject object, String field) {
        for (JsonNode condition : object.at("conditions")) {
            if (condition.path("type").asString("").equals("Healthy")) {
                return condition.path(field).asString("");
            }
        }
        return "";
    }

    private static String quota(KubeObject quota, boolean limits) {
        Map<String, String> sorted = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : quota.at("status", "hard").properties()) {
            sorted.put(entry.getKey(), entry.getValue().asString(""));
        }
        List<String> parts = new ArrayList<>();
        sorted.forEach((resource, hard) -> {
            if (resource.startsWith("limits.") == limits) {
                String used = quota.at("status", "used").path(resource).asString("0");
                parts.add(resource + ": " + used + "/" + hard);
            }
        });
        return String.join(", ", parts);
    }
}
