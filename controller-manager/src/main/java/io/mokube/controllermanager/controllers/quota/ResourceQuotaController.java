package io.mokube.controllermanager.controllers.quota;

import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts;
import io.mokube.machinery.quota.Evaluator;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps the status of resource quotas: the limits, and what is used of them, counted anew when something may have been
 * freed and every five minutes. The status is written only to the version it was counted for, so it never takes back what
 * the API server charged meanwhile.
 */
public final class ResourceQuotaController implements Reconciler<ObjectKey> {

    private static final String NAME = "resourcequota-controller";
    private static final Duration RESYNC = Duration.ofMinutes(5);

    /** What is freed together is counted together. */
    private static final Duration GATHERING = Duration.ofMillis(100);

    /** How long after a charge its object is surely in the caches, or never will be. */
    private static final Duration SETTLING = Duration.ofSeconds(1);

    /** After a charge the count is only made to find those whose objects were never stored. */
    private static final Duration AFTER_CHARGE = Duration.ofSeconds(5);

    /** How long until objects that are not known yet may be. */
    private static final Duration LEARNING = Duration.ofMillis(200);

    /** How long until a resource that nobody serves may be served. */
    private static final Duration UNSERVED = Duration.ofSeconds(30);

    private static final int MOST_ATTEMPTS = 10;

    private final Store<KubeObject> quotas;
    private final ResourceClient<KubeObject> client;
    private final CountedObjects objects;
    private final Clock clock;

    /** What was charged when a quota was first seen to be charged with more than there is. */
    private final Map<ObjectKey, Charged> earlier = new HashMap<>();

    private record Charged(Amounts used, long nanoTime) {}

    private ResourceQuotaController(
            Store<KubeObject> quotas, ResourceClient<KubeObject> client, CountedObjects objects, Clock clock) {
        this.quotas = quotas;
        this.client = client;
        this.objects = objects;
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        ResourceType<KubeObject> type =
                ResourceType.dynamic(new GroupVersionResource("", "v1", "resourcequotas"), "ResourceQuota", true);
        Informer<KubeObject> quotas = context.informers().informer(type);
        List<ReconcileLoop<ObjectKey>> loops = new ArrayList<>();
        CountedObjects objects = new CountedObjects(
                context.client(),
                context.informers(),
                namespace -> quotas.store()
                        .list(namespace)
                        .forEach(quota -> loops.getFirst().queue().addAfter(quota.key(), GATHERING)));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(
                NAME,
                1,
                new ResourceQuotaController(
                        quotas.store(),
                        context.client().resource(type),
                        objects,
                        context.platform().clock()),
                context.platform());
        loops.add(loop);
        quotas.addHandler(new Handler<>() {
            @Override
            public void added(KubeObject quota) {
                loop.queue().add(quota.key());
            }

            @Override
            public void updated(KubeObject before, KubeObject now) {
                if (before.at("spec").equals(now.at("spec"))) {
                    loop.queue().addAfter(now.key(), AFTER_CHARGE);
                } else {
                    loop.queue().add(now.key());
                }
            }

            @Override
            public void deleted(KubeObject last) {
                loop.queue().add(last.key());
            }
        });
        List<Informer<?>> needs = new ArrayList<>(objects.needs());
        needs.add(quotas);
        return Controller.of(NAME, needs, loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<KubeObject> found = quotas.get(key);
        if (found.isEmpty()) {
            earlier.remove(key);
            return Outcome.done();
        }
        return count(found.get());
    }

    private Outcome count(KubeObject cached) {
        KubeObject quota = cached;
        ObjectKey key = quota.key();
        Map<GroupResource, List<KubeObject>> known = new HashMap<>();
        Duration again = RESYNC;
        for (GroupResource resource :
                Evaluator.measuredBy(Amounts.of(quota.at("spec", "hard")).names())) {
            Optional<List<KubeObject>> all = objects.of(resource, key.namespace());
            if (all.isPresent()) {
                known.put(resource, all.get());
            } else {
                Duration wait = objects.isComing(resource) ? LEARNING : UNSERVED;
                again = wait.compareTo(again) < 0 ? wait : again;
            }
        }
        Amounts measured = QuotaCount.measure(quota, known, clock.instant());
        Optional<Amounts> settled = settled(key, quota);
        QuotaCount count = QuotaCount.of(quota, measured, settled);
        for (int attempt = 1; !write(quota, count); attempt++) {
            // Charged meanwhile, or changed. What was measured holds for what was charged before.
            Optional<KubeObject> fresh = attempt == MOST_ATTEMPTS ? Optional.empty() : client.get(key);
            if (fresh.isEmpty()) {
                return Outcome.again(GATHERING);
            }
            quota = fresh.get();
            count = QuotaCount.of(quota, measured, settled);
        }
        if (count.isSettled()) {
            earlier.remove(key);
            return Outcome.again(again);
        }
        earlier.putIfAbsent(key, new Charged(count.used(), clock.nanoTime()));
        return Outcome.again(SETTLING);
    }

    /** What was charged long enough ago to have settled. What was given back meanwhile counts as never charged. */
    private Optional<Amounts> settled(ObjectKey key, KubeObject quota) {
        Charged before = earlier.get(key);
        if (before == null) {
            return Optional.empty();
        }
        Amounts used = before.used().min(Amounts.of(quota.at("status", "used")));
        if (clock.nanoTime() - before.nanoTime() < SETTLING.toNanos()) {
            earlier.put(key, new Charged(used, before.nanoTime()));
            return Optional.empty();
        }
        earlier.remove(key);
        return Optional.of(used);
    }

    /** Returns whether the status is right now; not when somebody changed the quota meanwhile. */
    private boolean write(KubeObject quota, QuotaCount count) {
        if (count.isStatusOf(quota)) {
            return true;
        }
        KubeObject changed = quota.deepCopy();
        ObjectNode status = changed.root().putObject("status");
        status.set("hard", count.hard().toJson());
        status.set("used", count.used().toJson());
        try {
            client.updateStatus(changed);
            return true;
        } catch (ApiException e) {
            if (e.isNotFound() || e.isConflict()) {
                return false;
            }
            throw e;
        }
    }
}
