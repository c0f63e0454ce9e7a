package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.time.DateTimeException;
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
        String schedule = Tree.text(spec, "schedule");
        if (schedule.isEmpty()) {
            errors.add(FieldError.required("spec.schedule", ""));
        } else {
            String wrong = CronSyntax.check(schedule);
            if (wrong != null) {
                errors.add(FieldError.invalid("spec.schedule", schedule, wrong));
            }
        }
        String zone = Tree.text(spec, "timeZone");
        if (spec.has("timeZone") && !isZone(zone)) {
            errors.add(FieldError.invalid("spec.timeZone", zone, "unknown time zone " + zone));
        }
        Check.oneOf(spec, "concurrencyPolicy", "spec", Set.of("Allow", "Forbid", "Replace"), errors);
        for (String count :
                List.of("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")) {
            Check.notNegative(spec, count, "spec", errors);
        }
        JobStrategy.validateSpec(Tree.child(Tree.child(spec, "jobTemplate"), "spec"), "spec.jobTemplate.spec", errors);
    }

    @Override
    public void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {
        validateCreate(object, errors);
    }

    private static boolean isZone(String zone) {
        try {
            ZoneId.of(zone);
            return !zone.equalsIgnoreCase("local");
        } catch (DateTimeException e) {
            return false;
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
