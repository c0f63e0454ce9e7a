package io.mokube.apiserver.table;

import static io.mokube.apiserver.table.ColumnTable.age;
import static io.mokube.apiserver.table.ColumnTable.name;
import static io.mokube.apiserver.table.ColumnTable.number;
import static io.mokube.apiserver.table.ColumnTable.text;
import static io.mokube.apiserver.table.ColumnTable.timed;
import static io.mokube.apiserver.table.ColumnTable.truth;
import static io.mokube.apiserver.table.ColumnTable.wide;
import static io.mokube.apiserver.table.Fields.NONE;

import io.mokube.apiserver.table.ColumnTable.Filled;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** What makes pods: deployments and their like, jobs, templates. */
public final class WorkloadTables {

    public static final TableLayout DEPLOYMENTS = ColumnTable.of(
            name(),
            text("Ready", "Ready pods of the wanted ones.", object -> readyOfWanted(object)),
            text("Up-to-date", "Pods made from the current template.", status("updatedReplicas")),
            text("Available", "Pods that have been ready long enough.", status("availableReplicas")),
            age(),
            containers("spec", "template"),
            images("spec", "template"),
            labelSelector());

    public static final TableLayout REPLICA_SETS = ColumnTable.of(
            name(),
            number("Desired", "Pods wanted.", object -> Fields.number(object, "spec", "replicas")),
            number("Current", "Pods that exist.", status("replicas")),
            number("Ready", "Pods that are ready.", status("readyReplicas")),
            age(),
            containers("spec", "template"),
            images("spec", "template"),
            labelSelector());

    public static final TableLayout REPLICATION_CONTROLLERS = ColumnTable.of(
            name(),
            number("Desired", "Pods wanted.", object -> Fields.number(object, "spec", "replicas")),
            number("Current", "Pods that exist.", status("replicas")),
            number("Ready", "Pods that are ready.", status("readyReplicas")),
            age(),
            containers("spec", "template"),
            images("spec", "template"),
            wide("Selector", "Labels of the pods.", object -> Fields.labels(object.at("spec", "selector"))));

    public static final TableLayout STATEFUL_SETS = ColumnTable.of(
            name(),
            text("Ready", "Ready pods of the wanted ones.", object -> readyOfWanted(object)),
            age(),
            containers("spec", "template"),
            images("spec", "template"));

    public static final TableLayout DAEMON_SETS = ColumnTable.of(
            name(),
            number("Desired", "Nodes that should run the pod.", status("desiredNumberScheduled")),
            number("Current", "Nodes that have the pod and should.", status("currentNumberScheduled")),
            number("Ready", "Nodes whose pod is ready.", status("numberReady")),
            number("Up-to-date", "Nodes whose pod has the current template.", status("updatedNumberScheduled")),
            number("Available", "Nodes whose pod has been ready long enough.", status("numberAvailable")),
            text(
                    "Node Selector",
                    "Labels of the nodes.",
                    object -> Fields.labels(object.at("spec", "template", "spec", "nodeSelector"))),
            age(),
            containers("spec", "template"),
            images("spec", "template"),
            labelSelector());

    public static final TableLayout JOBS = ColumnTable.of(
            name(),
            text("Status", "What the job is doing.", object -> jobStatus(object)),
            text("Completions", "Succeeded pods of the wanted ones.", object -> completions(object)),
            timed("Duration", "Time from the start to the end, or until now.", 0, WorkloadTables::duration),
            age(),
            containers("spec", "template"),
            images("spec", "template"),
            labelSelector());

    public static final TableLayout CRON_JOBS = ColumnTable.of(
            name(),
            text("Schedule", "When jobs begin, in Cron's form.", object -> Fields.text(object, "spec", "schedule")),
            text("Timezone", "Zone of the schedule.", object -> Fields.textOr(NONE, object, "spec", "timeZone")),
            truth("Suspend", "Whether no more jobs begin.", object -> Fields.truth(object.at("spec", "suspend"))),
            number("Active", "Running jobs.", object -> Fields.size(object, "status", "active")),
            timed("Last Schedule", "Time since a job was last begun.", 0, (object, now) -> {
                String last = Fields.text(object, "status", "lastScheduleTime");
                return last.isEmpty() ? NONE : HumanDuration.since(last, now);
            }),
            age(),
            containers("spec", "jobTemplate", "spec", "template"),
            images("spec", "jobTemplate", "spec", "template"),
            wide(
                    "Selector",
                    "Labels of the pods.",
                    object -> Fields.selector(object.at("spec", "jobTemplate", "spec", "selector"))));

    public static final TableLayout POD_TEMPLATES = ColumnTable.of(
            name(),
            text(
                    "Containers",
                    "Names of the containers.",
                    object -> String.join(",", Fields.each(object.at("template", "spec", "containers"), "name"))),
            text(
                    "Images",
                    "Images of the containers.",
                    object -> String.join(",", Fields.each(object.at("template", "spec", "containers"), "image"))),
            text(
                    "Pod Labels",
                    "Labels of the pods.",
                    object -> Fields.labels(object.at("template", "metadata", "labels"))));

    public static final TableLayout CONTROLLER_REVISIONS = ColumnTable.of(
            name(),
            text("Controller", "What this is a revision of.", object -> controller(object)),
            text("Revision", "Number of the revision.", object -> Fields.number(object, "revision")),
            age());

    private WorkloadTables() {}

    private static Function<KubeObject, Object> status(String field) {
        return object -> Fields.number(object, "status", field);
    }

    private static String readyOfWanted(KubeObject object) {
        return Fields.number(object, "status", "readyReplicas") + "/" + Fields.number(object, "spec", "replicas");
    }

    private static Filled containers(String... template) {
        return wide("Containers", "Names of the containers.", object -> ofContainers(object, "name", template));
    }

    private static Filled images(String... template) {
        return wide("Images", "Images of the containers.", object -> ofContainers(object, "image", template));
    }

    private static Filled labelSelector() {
        return wide("Selector", "Labels of the pods.", object -> Fields.selector(object.at("spec", "selector")));
    }

    private static String ofContainers(KubeObject object, String field, String... template) {
        JsonNode containers = object.at(template).path("spec").path("containers");
        return String.join(",", Fields.each(containers, field));
    }

    private static String jobStatus(KubeObject job) {
        if (Fields.hasCondition(job, "Complete", "True")) {
            return "Complete";
        } else if (Fields.hasCondition(job, "Failed", "True")) {
            return "Failed";
        } else if (job.isBeingDeleted()) {
            return "Terminating";
        }
        for (String condition : new String[] {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
            if (Fields.hasCondition(job, condition, "True")) {
                return condition;
            }
        }
        return "Running";
    }

    private static String completions(KubeObject job) {
        long succeeded = Fields.number(job, "status", "succeeded");
        JsonNode wanted = job.at("spec", "completions");
        if (wanted.isNumber()) {
            return succeeded + "/" + wanted.asLong(0);
        }
        long parallelism = Fields.number(job, "spec", "parallelism");
        return parallelism > 1 ? succeeded + "/1 of " + parallelism : succeeded + "/1";
    }

    private static String duration(KubeObject job, Instant now) {
        String start = Fields.text(job, "status", "startTime");
        String end = Fields.text(job, "status", "completionTime");
        if (start.isEmpty()) {
            return "";
        }
        try {
            return HumanDuration.of(Duration.between(Instant.parse(start), end.isEmpty() ? now : Instant.parse(end)));
        } catch (DateTimeParseException e) {
            return HumanDuration.UNKNOWN;
        }
    }

    private static String controller(KubeObject revision) {
        for (JsonNode owner : revision.metadata().path("ownerReferences")) {
            if (owner.path("controller").asBoolean(false)) {
                String apiVersion = owner.path("apiVersion").asString("");
                int slash = apiVersion.indexOf('/');
                String group = slash < 0 ? "" : "." + apiVersion.substring(0, slash);
                return owner.path("kind").asString("").toLowerCase(Locale.ROOT)
                        + group
                        + "/"
                        + owner.path("name").asString("");
            }
        }
        return NONE;
    }
}
