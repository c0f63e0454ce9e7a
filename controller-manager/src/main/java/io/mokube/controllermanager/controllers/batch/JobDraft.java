package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Draft;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The pods a Job makes from its template. Pure. */
final class JobDraft {

    private static final String INDEX_VARIABLE = "JOB_COMPLETION_INDEX";

    /** What the random end of a pod's name leaves of a label. */
    private static final int LONGEST_BASE = 58;

    private JobDraft() {}

    /** Pods without an index. */
    static List<Draft> alike(Job job, int count) {
        return Collections.nCopies(
                count,
                new Draft("", job.getMetadata().getName() + "-", tracked(job).build()));
    }

    /**
     * The pod of an index.
     *
     * @param failed the one before it, whose failures it carries on
     */
    static Draft ofIndex(Job job, int index, Optional<Pod> failed) {
        String name = job.getMetadata().getName();
        String number = Integer.toString(index);
        PodTemplateSpecBuilder template = tracked(job);
        template.editMetadata()
                .addToAnnotations(JobPod.INDEX, number)
                .addToLabels(JobPod.INDEX, number)
                .endMetadata();
        if (JobFacts.limitsEachIndex(job)) {
            countFailures(template, job, failed);
        }
        PodTemplateSpec built =
                template.editSpec().withHostname(name + "-" + number).endSpec().build();
        built.getSpec().setContainers(withIndex(built.getSpec().getContainers()));
        built.getSpec().setInitContainers(withIndex(built.getSpec().getInitContainers()));
        String end = "-" + number + "-";
        String base = name.substring(0, Math.min(name.length(), LONGEST_BASE - end.length())) + end;
        return new Draft(number, base, built);
    }

    private static PodTemplateSpecBuilder tracked(Job job) {
        PodTemplateSpecBuilder template =
                new PodTemplateSpecBuilder(job.getSpec().getTemplate());
        template.editOrNewMetadata()
                .removeFromFinalizers(JobPod.FINALIZER)
                .addToFinalizers(JobPod.FINALIZER)
                .endMetadata();
        return template;
    }

    private static void countFailures(PodTemplateSpecBuilder template, Job job, Optional<Pod> failed) {
        int counted = failed.map(JobPod::failures).orElse(0);
        int ignored = failed.map(JobPod::ignoredFailures).orElse(0);
        if (failed.isPresent()) {
            if (FailureHandling.of(job, failed.get()).counts()) {
                counted++;
            } else {
                ignored++;
            }
        }
        template.editMetadata()
                .addToAnnotations(JobPod.FAILURES, Integer.toString(counted))
                .endMetadata();
        if (ignored > 0) {
            template.editMetadata()
                    .addToAnnotations(JobPod.IGNORED_FAILURES, Integer.toString(ignored))
                    .endMetadata();
        }
    }

    /** The containers with their index in a variable; one that the template sets is left alone. */
    private static @Nullable List<Container> withIndex(@Nullable List<Container> containers) {
        return containers == null
                ? null
                : containers.stream()
                        .map(container -> {
                            @Nullable List<EnvVar> variables = container.getEnv();
                            boolean has = variables != null
                                    && variables.stream()
                                            .anyMatch(variable ->
                                                    variable.getName().equals(INDEX_VARIABLE));
                            return has
                                    ? container
                                    : new ContainerBuilder(container)
                                            .addNewEnv()
                                            .withName(INDEX_VARIABLE)
                                            .withNewValueFrom()
                                            .withNewFieldRef()
                                            .withFieldPath("metadata.labels['" + JobPod.INDEX + "']")
                                            .endFieldRef()
                                            .endValueFrom()
                                            .endEnv()
                                            .build();
                        })
                        .toList();
    }
}
