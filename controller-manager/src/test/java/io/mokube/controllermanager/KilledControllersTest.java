package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Two controller managers, each a process of its own, are killed and frozen while they work, on the real API server. The
 * server is watched for the most pods that live at once. {@code -Dmokube.kills=500} makes the campaign longer, {@code
 * -Dmokube.seed=7} another one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KilledControllersTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int SURGE = 2;
    private static final int MOST_REPLICAS = 12;
    private static final int COMPLETIONS = 6;
    private static final int PARALLELISM = 3;
    private static final ObjectKey WEB = new ObjectKey("default", "web");
    private static final ObjectKey WORKERS = new ObjectKey("default", "workers");

    @TempDir
    private static Path directory;

    private ApiServer server;
    private ApiClient client;
    private HollowNode node;
    private PodWitness witness;
    private ControllerManagerProcess a;
    private ControllerManagerProcess b;

    /** How many replicas are asked for. */
    private int web = 4;

    private int workers = 3;

    /** The Jobs that run, or may. */
    private final List<String> jobs = new ArrayList<>();

    /** The most that were asked for since everything was last as it should be. */
    private int mostWeb = web;

    private int mostWorkers = workers;

    @BeforeAll
    void start() throws InterruptedException {
        server = new ApiServer(ApiServerConfig.inMemory(directory), Platform.system());
        server.start();
        client = new ApiClient(ClientConfig.fromKubeconfig(server.adminKubeconfig()), Platform.system());
        node = new HollowNode(client, "hollow", image -> true);
        node.start();
        witness = new PodWitness(client);
        a = new ControllerManagerProcess(server.adminKubeconfig(), "manager-a");
        b = new ControllerManagerProcess(server.adminKubeconfig(), "manager-b");
        create();
        settle();
    }

    @AfterAll
    void stop() {
        a.close();
        b.close();
        witness.close();
        node.close();
        client.close();
        server.stop(Duration.ZERO);
    }

    @Test
    void whoeverIsKilledNothingIsDoubledAndEverythingIsThereInTheEnd() throws InterruptedException {
        Random random = new Random(Long.getLong("mokube.seed", 20260101));
        int faults = Integer.getInteger("mokube.kills", 6);
        beginJob("job-0");
        for (int i = 1; i <= faults; i++) {
            switch (random.nextInt(5)) {
                case 0 -> scaleWeb(random.nextInt(MOST_REPLICAS + 1));
                case 1 -> scaleWorkers(random.nextInt(MOST_REPLICAS + 1));
                case 2 -> rollOut("web:" + i);
                case 3 -> beginJob("job-" + i);
                default -> podsEnd(random);
            }
            witness.awaitChanges(random.nextInt(25));
            ControllerManagerProcess leader = holder().equals(a.identity()) ? a : b;
            ControllerManagerProcess other = leader == a ? b : a;
            switch (random.nextInt(6)) {
                case 0 -> other.killAndRestart();
                case 1, 2 -> {
                    leader.freeze();
                    Await.until(PATIENCE, "the other leads", () -> holder().equals(other.identity()));
                    witness.awaitChanges(random.nextInt(25));
                    leader.thaw();
                }
                default -> leader.killAndRestart();
            }
            assertNoSurplus();
            if (i % 4 == 0) {
                settle();
            }
        }
        settle();
        assertThat(a.bug()).isEmpty();
        assertThat(b.bug()).isEmpty();
    }

    @Test
    void aLeaderThatWasFrozenPastItsLeaseWritesNothingWhenItThaws() throws IOException {
        ControllerManagerProcess frozen = holder().equals(a.identity()) ? a : b;
        ControllerManagerProcess other = frozen == a ? b : a;
        frozen.freeze();
        Await.until(PATIENCE, "the other leads", () -> holder().equals(other.identity()));
        Instant takenOver = client.resource(Lease.class)
                .get(ControllerManagerProcess.LEASE)
                .orElseThrow()
                .getSpec()
                .getAcquireTime()
                .toInstant();
        rollOut("web:2");
        scaleWeb(3);
        scaleWorkers(8);
        settle();
        // More to do, which the frozen one sees at once when it thaws: its watches were open all the time.
        rollOut("web:3");
        scaleWorkers(2);
        frozen.thaw();
        double before = frozen.requests("GET");
        settle();
        Await.until(PATIENCE, "the frozen one stands for election again", () -> frozen.requests("GET") > before + 3);
        assertThat(frozen.metric("leader_election_master_status", "name=")).isZero();
        assertThat(other.metric("leader_election_master_status", "name=")).isEqualTo(1);
        List<HasMetadata> all = new ArrayList<>();
        all.addAll(list(Deployment.class));
        all.addAll(list(ReplicaSet.class));
        all.addAll(list(Pod.class));
        assertThat(all).anySatisfy(object -> assertThat(writers(object)).contains(other.identity()));
        assertThat(all)
                .allSatisfy(object -> assertThat(object.getMetadata().getManagedFields())
                        .filteredOn(entry -> frozen.identity().equals(entry.getManager()))
                        .allSatisfy(entry ->
                                assertThat(Instant.parse(entry.getTime())).isBeforeOrEqualTo(takenOver)));
        assertThat(frozen.bug()).isEmpty();
    }

    // -- what users ask for ---------------------------------------------------------------------------------------

    private void create() {
        client.resource(Deployment.class)
                .create(new DeploymentBuilder()
                        .withNewMetadata()
                        .withNamespace(WEB.namespace())
                        .withName(WEB.name())
                        .endMetadata()
                        .withNewSpec()
                        .withReplicas(web)
                        .withSelector(new LabelSelectorBuilder()
                                .addToMatchLabels("app", "web")
                                .build())
                        .withNewStrategy()
                        .withType("RollingUpdate")
                        .withNewRollingUpdate()
                        .withMaxSurge(new IntOrString(SURGE))
                        .withMaxUnavailable(new IntOrString(1))
                        .endRollingUpdate()
                        .endStrategy()
                        .withTemplate(template("web"))
                        .endSpec()
                        .build());
        client.resource(ReplicaSet.class)
                .create(new ReplicaSetBuilder()
                        .withNewMetadata()
                        .withNamespace(WORKERS.namespace())
                        .withName(WORKERS.name())
                        .endMetadata()
                        .withNewSpec()
                        .withReplicas(workers)
                        .withSelector(new LabelSelectorBuilder()
                                .addToMatchLabels("app", "workers")
                                .build())
                        .withTemplate(template("workers"))
                        .endSpec()
                        .build());
    }

    /** A Job whose pods all succeed. */
    private void beginJob(String name) {
        jobs.add(name);
        PodTemplateSpec template = new PodTemplateSpecBuilder(template(name))
                .editSpec()
                .withRestartPolicy("Never")
                .editFirstContainer()
                .withCommand("sh", "-c", "exit 0")
                .endContainer()
                .endSpec()
                .build();
        client.resource(Job.class)
                .create(new JobBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName(name)
                        .endMetadata()
                        .withNewSpec()
                        .withCompletions(COMPLETIONS)
                        .withParallelism(PARALLELISM)
                        .withTemplate(template)
                        .endSpec()
                        .build());
    }

    private static PodTemplateSpec template(String app) {
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .withLabels(Map.of("app", app))
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage(app + ":0")
                .endContainer()
                .endSpec()
                .build();
    }

    private void scaleWeb(int replicas) {
        web = replicas;
        mostWeb = Math.max(mostWeb, replicas);
        scale(Deployment.class, WEB, replicas);
    }

    private void scaleWorkers(int replicas) {
        workers = replicas;
        mostWorkers = Math.max(mostWorkers, replicas);
        scale(ReplicaSet.class, WORKERS, replicas);
    }

    private <T extends HasMetadata> void scale(Class<T> kind, ObjectKey key, int replicas) {
        patch(kind, key, "{\"spec\":{\"replicas\":" + replicas + "}}");
    }

    private void rollOut(String image) {
        patch(
                Deployment.class,
                WEB,
                "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"" + image
                        + "\"}]}}}}");
    }

    private <T extends HasMetadata> void patch(Class<T> kind, ObjectKey key, String json) {
        JsonNode patch = Json.MAPPER.readTree(json);
        client.resource(kind).patch(key, PatchKind.MERGE, patch);
    }

    /** Some pods end as those of a job do, well or badly. */
    private void podsEnd(Random random) {
        List<Pod> running = new ArrayList<>(witness.pods("workers"));
        running.addAll(witness.pods("web"));
        for (Pod pod : running) {
            if (random.nextInt(3) > 0) {
                continue;
            }
            try {
                client.resource(Pod.class)
                        .updateStatus(Pods.finished(pod, random.nextBoolean() ? "Succeeded" : "Failed"));
            } catch (ApiException e) {
                if (!e.isConflict() && !e.isNotFound()) { // it changed or went meanwhile
                    throw e;
                }
            }
        }
    }

    // -- what must hold -------------------------------------------------------------------------------------------

    private void assertNoSurplus() {
        assertThat(witness.takeMost("web"))
                .as("the most pods of the Deployment at once")
                .isLessThanOrEqualTo(mostWeb + SURGE);
        assertThat(witness.takeMost("workers"))
                .as("the most pods of the ReplicaSet at once")
                .isLessThanOrEqualTo(mostWorkers);
        for (String job : jobs) {
            assertThat(witness.takeMost(job))
                    .as("the most pods of %s at once", job)
                    .isLessThanOrEqualTo(PARALLELISM);
            assertThat(witness.made(job)).as("all pods of %s", job).isLessThanOrEqualTo(COMPLETIONS);
        }
    }

    /** Waits until everything is as it should be. */
    private void settle() {
        Await.passes(PATIENCE, () -> {
            Deployment deployment = client.resource(Deployment.class).get(WEB).orElseThrow();
            DeploymentStatus status = deployment.getStatus();
            assertThat(status.getObservedGeneration())
                    .isEqualTo(deployment.getMetadata().getGeneration());
            assertThat(Ownership.orZero(status.getUpdatedReplicas())).isEqualTo(web);
            assertThat(Ownership.orZero(status.getReplicas())).isEqualTo(web);
            assertThat(Ownership.orZero(status.getAvailableReplicas())).isEqualTo(web);
            ReplicaSet replicaSet =
                    client.resource(ReplicaSet.class).get(WORKERS).orElseThrow();
            assertThat(Ownership.orZero(replicaSet.getStatus().getReadyReplicas()))
                    .isEqualTo(workers);
            assertThat(witness.active("web")).isEqualTo(web);
            assertThat(witness.active("workers")).isEqualTo(workers);
            for (String job : jobs) {
                JobStatus ended = client.resource(Job.class)
                        .get("default", job)
                        .orElseThrow()
                        .getStatus();
                assertThat(ended.getCompletionTime()).isNotNull();
                assertThat(ended.getSucceeded()).isEqualTo(COMPLETIONS);
            }
        });
        assertNoSurplus();
        jobs.clear();
        mostWeb = web;
        mostWorkers = workers;
    }

    private String holder() {
        return client.resource(Lease.class)
                .get(ControllerManagerProcess.LEASE)
                .map(lease -> lease.getSpec().getHolderIdentity())
                .orElse("");
    }

    private <T extends HasMetadata> List<T> list(Class<T> kind) {
        return client.resource(kind).list("default", ListOptions.ALL).items();
    }

    private static List<String> writers(HasMetadata object) {
        return object.getMetadata().getManagedFields().stream()
                .map(ManagedFieldsEntry::getManager)
                .toList();
    }
}
