package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Deployments of several sizes, created, rolled over and deleted in a cluster whose components run side by side. */
final class RolloutScale {

    private static final Duration LOOK = Duration.ofMillis(50);
    private static final String NAMESPACE = "default";
    private static final ObjectKey KEY = new ObjectKey(NAMESPACE, "scale");
    private static final int BACKGROUND_REPLICAS = 1000;

    private final ApiClient client;
    private final ResourceClient<Deployment> deployments;
    private final List<JavaSubject> components;

    /**
     * One step at one size.
     *
     * @param cpu what each component used meanwhile
     * @param resident the memory of each component at the step's end, in bytes
     */
    record Step(String name, int replicas, Duration time, Map<String, Duration> cpu, Map<String, Long> resident) {}

    RolloutScale(ApiClient client, List<JavaSubject> components) {
        this.client = client;
        this.deployments = client.resource(Deployment.class);
        this.components = components;
    }

    /** Fills the cluster with pods that stay, a thousand in each Deployment, before it measures; none when zero. */
    List<Step> measure(int background, List<Integer> sizes) throws InterruptedException {
        List<Step> steps = new ArrayList<>();
        if (background > 0) {
            steps.add(fill(background));
        }
        for (int size : sizes) {
            steps.add(step(
                    "create",
                    size,
                    () -> deployments.create(deployment(KEY.name(), size)),
                    () -> isRolledOut(KEY, size)));
            steps.add(step("roll over", size, this::nextImage, () -> isRolledOut(KEY, size)));
            steps.add(
                    step("delete", size, () -> deployments.delete(KEY, DeleteOptions.DEFAULT), this::isEverythingGone));
        }
        return steps;
    }

    private Step fill(int pods) throws InterruptedException {
        Map<String, Integer> waiting = new LinkedHashMap<>();
        for (int left = pods; left > 0; left -= BACKGROUND_REPLICAS) {
            waiting.put("background-" + waiting.size(), Math.min(left, BACKGROUND_REPLICAS));
        }
        return step(
                "fill", pods, () -> waiting.forEach((name, size) -> deployments.create(deployment(name, size))), () -> {
                    waiting.entrySet()
                            .removeIf(each -> isRolledOut(new ObjectKey(NAMESPACE, each.getKey()), each.getValue()));
                    return waiting.isEmpty();
                });
    }

    private Step step(String name, int size, Runnable begin, BooleanSupplier done) throws InterruptedException {
        Map<String, Duration> before = new LinkedHashMap<>();
        components.forEach(component -> before.put(component.name(), component.cpu()));
        long begun = client.platform().clock().nanoTime();
        begin.run();
        while (!done.getAsBoolean()) {
            client.platform().clock().sleep(LOOK);
        }
        Duration time = Duration.ofNanos(client.platform().clock().nanoTime() - begun);
        Map<String, Duration> cpu = new LinkedHashMap<>();
        Map<String, Long> resident = new LinkedHashMap<>();
        for (JavaSubject component : components) {
            cpu.put(component.name(), component.cpu().minus(before.getOrDefault(component.name(), Duration.ZERO)));
            resident.put(component.name(), component.resident());
        }
        System.out.printf("  %s %d: %.1f s, CPU %s%n", name, size, time.toMillis() / 1e3, cpu);
        return new Step(name, size, time, cpu, resident);
    }

    private boolean isRolledOut(ObjectKey key, int size) {
        Optional<Deployment> found = deployments.get(key);
        if (found.isEmpty() || found.get().getStatus() == null) {
            return false;
        }
        DeploymentStatus status = found.get().getStatus();
        Long observed = status.getObservedGeneration();
        return observed != null
                && observed >= found.get().getMetadata().getGeneration()
                && isAll(status.getUpdatedReplicas(), size)
                && isAll(status.getReplicas(), size)
                && isAll(status.getAvailableReplicas(), size);
    }

    private static boolean isAll(Integer count, int size) {
        return count != null && count == size;
    }

    private boolean isEverythingGone() {
        return deployments.get(KEY).isEmpty()
                && client.get("/api/v1/namespaces/" + NAMESPACE + "/pods?limit=1&labelSelector=app%3D" + KEY.name())
                        .path("items")
                        .isEmpty();
    }

    private void nextImage() {
        deployments.patch(
                KEY,
                PatchKind.STRATEGIC,
                Json.MAPPER.readTree(
                        "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"shop:2\"}]}}}}"));
    }

    private static Deployment deployment(String name, int replicas) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withNewSelector()
                .addToMatchLabels("app", name)
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("shop:1")
                .withNewResources()
                .withRequests(Map.of("cpu", new Quantity("10m"), "memory", new Quantity("10Mi")))
                .endResources()
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }
}
