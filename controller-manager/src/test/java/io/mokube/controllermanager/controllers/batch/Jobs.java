package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.time.Instant;
import java.util.function.UnaryOperator;

/** Jobs and their pods as tests need them. */
final class Jobs {

    static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private Jobs() {}

    /** A Job with the server's defaults, of one pod at a time and one completion. */
    static JobBuilder job() {
        return new JobBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("pi")
                .withUid("job-uid")
                .withGeneration(1L)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewSpec()
                .withParallelism(1)
                .withCompletions(1)
                .withBackoffLimit(6)
                .withCompletionMode("NonIndexed")
                .withSuspend(false)
                .withPodReplacementPolicy("TerminatingOrFailed")
                .withNewSelector()
                .addToMatchLabels("batch.kubernetes.io/controller-uid", "job-uid")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("batch.kubernetes.io/controller-uid", "job-uid")
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("main")
                .withImage("perl")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec();
    }

    /** A Job of some parallelism and completions. */
    static JobBuilder job(int parallelism, int completions) {
        return job().editSpec()
                .withParallelism(parallelism)
                .withCompletions(completions)
                .endSpec();
    }

    static JobBuilder indexed(int parallelism, int completions) {
        return job(parallelism, completions)
                .editSpec()
                .withCompletionMode("Indexed")
                .endSpec();
    }

    /** A pod of the Job with the finalizer, pending. */
    static Pod pod(String name, Job job) {
        return new PodBuilder(Pods.pending(name))
                .editMetadata()
                .withOwnerReferences(Ownership.controllerReference(job))
                .withLabels(job.getSpec().getTemplate().getMetadata().getLabels())
                .withFinalizers(JobPod.FINALIZER)
                .endMetadata()
                .withSpec(job.getSpec().getTemplate().getSpec())
                .build();
    }

    static Pod pod(String name, Job job, int index) {
        return annotated(pod(name, job), JobPod.INDEX, index);
    }

    static Pod annotated(Pod pod, String key, int value) {
        return new PodBuilder(pod)
                .editMetadata()
                .addToAnnotations(key, Integer.toString(value))
                .endMetadata()
                .build();
    }

    static Pod untracked(Pod pod) {
        return new PodBuilder(pod)
                .editMetadata()
                .removeFromFinalizers(JobPod.FINALIZER)
                .endMetadata()
                .build();
    }

    static Pod succeeded(Pod pod) {
        return Pods.exited(pod, 0, NOW);
    }

    static Pod failed(Pod pod) {
        return failed(pod, 1, NOW);
    }

    static Pod failed(Pod pod, int code, Instant at) {
        return Pods.exited(pod, code, at);
    }

    static Job with(JobBuilder job, UnaryOperator<JobBuilder> change) {
        return change.apply(job).build();
    }
}
