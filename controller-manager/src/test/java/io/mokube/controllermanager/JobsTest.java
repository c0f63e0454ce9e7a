package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ListOptions;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Jobs and CronJobs on the real API server, driven by the real kubectl; only the containers are missing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    private WorkloadCluster cluster;
    private ApiClient client;

    @BeforeAll
    void start() throws InterruptedException {
        cluster = WorkloadCluster.start(directory, config -> config, "hollow");
        client = cluster.client();
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void aJobCompletes() {
        cluster.kubectl("create", "job", "hello", "--image=busybox", "--", "sh", "-c", "echo hello; exit 0");
        cluster.kubectl("wait", "--for=condition=complete", "job/hello", "--timeout=60s");

        assertThat(cluster.kubectl("get", "jobs", "hello")).containsPattern("hello +Complete +1/1 +\\d+s +\\d+s");
        assertThat(cluster.kubectl("describe", "job", "hello"))
                .contains("Pods Statuses:    0 Active (0 Ready) / 1 Succeeded / 0 Failed")
                .contains("Completion Mode:  NonIndexed")
                .containsPattern("SuccessfulCreate .*job-controller +Created pod: hello-[a-z0-9]{5}")
                .containsPattern("Completed .*job-controller +Job completed");
        Job job = job("hello");
        assertThat(job.getStatus().getCompletionTime()).isNotNull();
        assertThat(job.getStatus().getUncountedTerminatedPods().getSucceeded()).isEmpty();
        assertThat(pods("hello")).singleElement().satisfies(pod -> {
            assertThat(pod.getMetadata().getFinalizers()).isEmpty();
            assertThat(pod.getMetadata().getGenerateName()).isEqualTo("hello-");
        });

        cluster.kubectl("delete", "job", "hello");
        Await.passes(PATIENCE, () -> assertThat(pods("hello")).isEmpty());
    }

    @Test
    void anIndexedJobFailsByTheRuleOfItsPolicyAndSaysSo() {
        apply("""
                {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "strict", "namespace": "default"},
                 "spec": {"completions": 3, "parallelism": 3, "completionMode": "Indexed",
                          "podFailurePolicy": {"rules": [
                            {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]},
                          "template": {"spec": {"restartPolicy": "Never", "containers": [
                            {"name": "main", "image": "busybox", "command": ["sh", "-c", "exit 42"]}]}}}}
                """);
        cluster.kubectl("wait", "--for=condition=failed", "job/strict", "--timeout=60s");

        Job job = job("strict");
        assertThat(job.getStatus().getFailed()).isEqualTo(3);
        assertThat(job.getStatus().getConditions())
                .extracting(condition -> condition.getType() + " " + condition.getReason())
                .containsExactly("FailureTarget PodFailurePolicy", "Failed PodFailurePolicy");
        assertThat(job.getStatus().getConditions().getLast().getMessage())
                .matches(
                        "Container main for pod default/strict-\\d-[a-z0-9]{5} failed with exit code 42 matching FailJob"
                                + " rule at index 0");
        assertThat(cluster.kubectl("get", "jobs", "strict")).containsPattern("strict +Failed +0/3 +\\d+s +\\d+s");
        assertThat(pods("strict"))
                .extracting(pod -> pod.getSpec().getHostname())
                .isNotEmpty()
                .isSubsetOf("strict-0", "strict-1", "strict-2"); // those that still ran were deleted
        assertThat(pods("strict")).allSatisfy(pod -> {
            assertThat(pod.getMetadata().getFinalizers()).isEmpty();
            assertThat(pod.getSpec().getContainers().getFirst().getEnv())
                    .singleElement()
                    .satisfies(variable -> assertThat(variable.getName()).isEqualTo("JOB_COMPLETION_INDEX"));
        });
    }

    @Test
    void anIndexedJobCountsItsIndexes() {
        apply("""
                {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "sharded", "namespace": "default"},
                 "spec": {"completions": 7, "parallelism": 3, "completionMode": "Indexed",
                          "template": {"spec": {"restartPolicy": "Never", "containers": [
                            {"name": "main", "image": "busybox", "command": ["sh", "-c", "exit 0"]}]}}}}
                """);
        cluster.kubectl("wait", "--for=condition=complete", "job/sharded", "--timeout=60s");
        assertThat(job("sharded").getStatus().getCompletedIndexes()).isEqualTo("0-6");
        assertThat(job("sharded").getStatus().getSucceeded()).isEqualTo(7);
        assertThat(pods("sharded")).hasSize(7);
    }

    @Test
    void aJobIsSuspendedResumedAndEndsWithItsDeadlineAndIsRemoved() {
        apply("""
                {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "long", "namespace": "default"},
                 "spec": {"completions": 4, "parallelism": 2, "suspend": true, "ttlSecondsAfterFinished": 1,
                          "template": {"spec": {"restartPolicy": "Never", "containers": [
                            {"name": "main", "image": "busybox", "command": ["sleep", "1000"]}]}}}}
                """);
        cluster.kubectl("wait", "--for=condition=suspended", "job/long", "--timeout=60s");
        assertThat(pods("long")).isEmpty();
        assertThat(cluster.kubectl("get", "jobs", "long")).containsPattern("long +Suspended +0/4 ");

        cluster.kubectl("patch", "job/long", "-p", "{\"spec\":{\"suspend\":false}}");
        Await.passes(
                PATIENCE, () -> assertThat(job("long").getStatus().getReady()).isEqualTo(2));

        cluster.kubectl("patch", "job/long", "-p", "{\"spec\":{\"suspend\":true}}");
        Await.passes(PATIENCE, () -> assertThat(pods("long")).isEmpty());
        Await.passes(PATIENCE, () -> {
            Job job = job("long");
            assertThat(job.getStatus().getActive()).isNull();
            assertThat(job.getStatus().getFailed()).isNull();
            assertThat(job.getStatus().getStartTime()).isNull();
        });

        cluster.kubectl("patch", "job/long", "-p", "{\"spec\":{\"suspend\":false,\"activeDeadlineSeconds\":1}}");
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl("get", "events", "--field-selector=involvedObject.name=long"))
                        .containsPattern("Suspended .*Job suspended")
                        .containsPattern("Resumed .*Job resumed")
                        .containsPattern("DeadlineExceeded .*Job was active longer than specified deadline"));
        Await.passes(PATIENCE, () -> {
            assertThat(client.resource(Job.class).get("default", "long")).isEmpty();
            assertThat(pods("long")).isEmpty();
        });
    }

    @Test
    void aCronJobBeginsJobsOnScheduleAndByHand() {
        cluster.kubectl(
                "create", "cronjob", "tick", "--image=busybox", "--schedule=@every 2s", "--", "sh", "-c", "exit 0");
        assertThat(cluster.kubectl("get", "cronjobs", "tick"))
                .containsPattern("tick +@every 2s +<none> +False +0 +<none> +\\d+s");
        cluster.kubectl("create", "job", "by-hand", "--from=cronjob/tick");
        cluster.kubectl("wait", "--for=condition=complete", "job/by-hand", "--timeout=60s");
        Await.passes(PATIENCE, () -> {
            CronJob cronJob =
                    client.resource(CronJob.class).get("default", "tick").orElseThrow();
            assertThat(cronJob.getStatus().getLastScheduleTime()).isNotNull();
            assertThat(cronJob.getStatus().getLastSuccessfulTime()).isNotNull();
            assertThat(cronJob.getStatus().getActive()).isEmpty();
        });
        List<Job> begun = client.resource(Job.class).list("default", ListOptions.ALL).items().stream()
                .filter(job -> job.getMetadata().getName().matches("tick-\\d{8}"))
                .toList();
        assertThat(begun).isNotEmpty().allSatisfy(job -> {
            assertThat(Ownership.controllerOf(job).orElseThrow().getName()).isEqualTo("tick");
            assertThat(job.getMetadata().getAnnotations())
                    .containsKey("batch.kubernetes.io/cronjob-scheduled-timestamp");
        });
        assertThat(cluster.kubectl("describe", "cronjob", "tick"))
                .containsPattern("SuccessfulCreate .*cronjob-controller +Created job tick-\\d{8}")
                .containsPattern("SawCompletedJob .*Saw completed job: tick-\\d{8}, condition: Complete");

        cluster.kubectl("delete", "cronjob", "tick");
        Await.passes(
                PATIENCE,
                () -> assertThat(client.resource(Job.class)
                                .list("default", ListOptions.ALL)
                                .items())
                        .noneMatch(job -> job.getMetadata().getName().startsWith("tick-")));
    }

    @Test
    void aBadScheduleIsRefusedInKubernetesWords() {
        assertThat(cluster.refused("create", "cronjob", "bad", "--image=busybox", "--schedule=61 * * * *"))
                .contains(
                        "CronJob.batch \"bad\" is invalid: spec.schedule: Invalid value: \"61 * * * *\": end of range (61)"
                                + " above maximum (59): 61");
    }

    // -----------------------------------------------------------------------------------------------------------

    private void apply(String json) {
        client.resource(Job.class).create(Json.MAPPER.readValue(json, Job.class));
    }

    private Job job(String name) {
        return client.resource(Job.class).get("default", name).orElseThrow();
    }

    private List<Pod> pods(String job) {
        return client.resource(Pod.class).list("default", ListOptions.ALL).items().stream()
                .filter(pod -> job.equals(Ownership.labels(pod).get("batch.kubernetes.io/job-name")))
                .toList();
    }
}
