package io.mokube.controllermanager;

import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.queue.WorkQueue;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.placement.RequiredNodes;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A scheduler and a kubelet in one, without containers: pods of good images get a node and an address and become ready at
 * once. One whose command ends with {@code exit N} ends then.
 */
final class HollowNode implements AutoCloseable {

    private static final Pattern EXIT = Pattern.compile("exit (\\d+)$");

    /** How many addresses were given to pods, whatever their node. */
    private static final AtomicInteger ADDRESSES = new AtomicInteger();

    private final ApiClient client;
    private final ResourceClient<Pod> pods;
    private final Informer<Pod> informer;
    private final ReconcileLoop<ObjectKey> loop;
    private final Thread heart = Thread.ofVirtual().name("heart").unstarted(this::beat);
    private final String name;
    private final Predicate<String> startable;

    HollowNode(ApiClient client, String name, Predicate<String> startable) {
        this.client = client;
        this.name = name;
        this.startable = startable;
        this.pods = client.resource(Pod.class);
        this.informer = new Informer<>(pods, Selection.ALL, Platform.system());
        this.loop = new ReconcileLoop<>("hollow-node", 4, this::reconcile, Platform.system());
        WorkQueue<ObjectKey> queue = loop.queue();
        informer.addHandler(Handler.each(pod -> queue.add(Ownership.key(pod))));
    }

    void start() {
        client.resource(Node.class)
                .create(new NodeBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .withNewStatus()
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("True")
                        .withReason("KubeletReady")
                        .endCondition()
                        .endStatus()
                        .build());
        informer.start();
        loop.start();
        heart.start();
    }

    private void beat() {
        try {
            while (true) {
                try {
                    renew();
                } catch (ApiException | ConnectionException e) {
                    // The next beat tries again.
                }
                Platform.system().clock().sleep(Duration.ofMillis(500));
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    private void renew() {
        ResourceClient<Lease> leases = client.resource(Lease.class);
        ObjectKey key = new ObjectKey("kube-node-lease", name);
        Optional<Lease> known = leases.get(key);
        Lease renewed = known.map(LeaseBuilder::new)
                .orElseGet(() -> new LeaseBuilder()
                        .withNewMetadata()
                        .withNamespace(key.namespace())
                        .withName(name)
                        .endMetadata())
                .editOrNewSpec()
                .withHolderIdentity(name)
                .withLeaseDurationSeconds(40)
                .withRenewTime(Instant.now().atZone(ZoneOffset.UTC))
                .endSpec()
                .build();
        if (known.isPresent()) {
            leases.update(renewed);
        } else {
            leases.create(renewed);
        }
    }

    private Outcome reconcile(ObjectKey key) {
        Optional<Pod> found = informer.store().get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        Pod pod = found.get();
        try {
            if (pod.getSpec().getNodeName() == null) {
                if (RequiredNodes.onlyNode(pod.getSpec())
                        .filter(other -> !other.equals(name))
                        .isPresent()) {
                    return Outcome.done();
                }
                pods.createSubresource(
                        key,
                        "binding",
                        new BindingBuilder()
                                .withNewMetadata()
                                .withNamespace(key.namespace())
                                .withName(key.name())
                                .endMetadata()
                                .withNewTarget()
                                .withApiVersion("v1")
                                .withKind("Node")
                                .withName(name)
                                .endTarget()
                                .build());
            } else if (pod.getSpec().getNodeName().equals(name)) {
                run(pod, key);
            }
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) {
                throw e;
            }
        }
        return Outcome.done();
    }

    private void run(Pod pod, ObjectKey key) {
        if (Ownership.isBeingDeleted(pod)) {
            pods.delete(
                    key,
                    DeleteOptions.DEFAULT.withUid(pod.getMetadata().getUid()).withGracePeriod(Duration.ZERO));
        } else if (PodFacts.phase(pod).equals("Pending")
                && startable.test(pod.getSpec().getContainers().getFirst().getImage())) {
            int number = ADDRESSES.incrementAndGet();
            String address = "10.244." + number / 250 + "." + (number % 250 + 1);
            pods.updateStatus(new PodBuilder(Pods.ready(pod, Instant.now()))
                    .editStatus()
                    .withPodIP(address)
                    .addNewPodIP(address)
                    .endStatus()
                    .build());
        } else if (PodFacts.phase(pod).equals("Running")) {
            Matcher exit = EXIT.matcher(
                    String.join(" ", pod.getSpec().getContainers().getFirst().getCommand()));
            if (exit.find()) {
                pods.updateStatus(Pods.exited(pod, Integer.parseInt(exit.group(1)), Instant.now()));
            }
        }
    }

    @Override
    public void close() {
        heart.interrupt();
        loop.stop(Duration.ZERO);
        informer.close();
    }
}
