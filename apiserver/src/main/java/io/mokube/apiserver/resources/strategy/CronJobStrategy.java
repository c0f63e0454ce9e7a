package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.cron.CronSchedule;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.time.ZoneId;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Cron jobs. */
final class CronJobStrategy extends SpecStatusStrategy {

    /** A job's name adds eleven characters and must itself be a label. */
    private static final int MAX_NAME = 52;

    @Override
    public void applyDefaults(KubeObject object) {
        ObjectNode spec = Tree.child(object.root(), "spec");
        Tree.orElse(spec, "concurrencyPolicy", "Allow");
        Tree.orElse(spec, "suspend", false);
        Tree.orElse(spec, "successfulJobsHistoryLimit", 3);
        Tree.orElse(spec, "failedJobsHistoryLimit", 1);
        if (Tree.child(spec, "jobTemplate").get("spec") instanceof ObjectNode job) {
            PodSpecDefaults.applyToTemplate(job);
        }
    }

    @Override
    public void validateCreate(KubeObject object, List<FieldError> errors) {
        ObjectNode spec = Tree.child(object.root(), "spec");
        schedule(Tree.text(spec, "schedule"), errors);
        if (spec.has("timeZone")) {
            timeZone(Tree.text(spec, "timeZone"), errors);
        }
        Check.oneOf(spec, "concurrencyPolicy", "spec", Set.of("Allow", "Forbid", "Replace"), errors);
        for (String count :
                List.of("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")) {
            Check.notNegative(spec, count, "spec", errors);
        }
        ObjectNode job = Tree.child(Tree.child(spec, "jobTemplate"), "spec");
        JobStrategy.validateSpec(job, "spec.jobTemplate.spec", errors);
        if (job.has("selector")) {
            errors.add(FieldError.invalid(
                    "spec.jobTemplate.spec.selector", job.path("selector"), "`selector` will be auto-generated"));
        }
        if (job.path("manualSelector").asBoolean(false)) {
            errors.add(FieldError.notSupported("spec.jobTemplate.spec.manualSelector", true, List.of("nil", "false")));
        }
    }

    @Override
    public void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {
        validateCreate(object, errors);
    }

    private static void schedule(String schedule, List<FieldError> errors) {
        if (schedule.isEmpty()) {
            errors.add(FieldError.required("spec.schedule", ""));
        } else if (schedule.contains("TZ")) {
            errors.add(FieldError.invalid(
                    "spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
        } else {
            try {
                CronSchedule.parse(schedule);
            } catch (IllegalArgumentException e) {
                errors.add(FieldError.invalid("spec.schedule", schedule, String.valueOf(e.getMessage())));
            }
        }
    }

    /** Only names of the time zone database; offsets, which Java knows beside them, mean nothing to other clients. */
    private static void timeZone(String zone, List<FieldError> errors) {
        if (zone.isEmpty()) {
            errors.add(FieldError.invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string"));
        } else if (zone.equalsIgnoreCase("local")) {
            errors.add(FieldError.invalid(
                    "spec.timeZone",
                    zone,
                    "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"));
        } else if (!ZoneId.getAvailableZoneIds().contains(zone)) {
            errors.add(FieldError.invalid("spec.timeZone", zone, "unknown time zone " + zone));
        }
    }

    @Override
    public @Nullable String checkName(String name) {
        if (name.length() > MAX_NAME) {
            return "must be no more than " + MAX_NAME + " characters";
        }
        return NameFormat.dnsSubdomain(name).orElse(null);
    }
}
