package io.mokube.apiserver.crd;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.StartedWatch;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.cache.WatchItem;
import io.mokube.apiserver.crd.DefinitionStatus.Condition;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.webhook.WebhookClient;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Keeps the registry what the stored CustomResourceDefinitions say, and their status what the registry does: accepts
 * names, serves what is established, and clears out what ends. One thread decides; each end of a definition has one of
 * its own, because it waits for finalizers.
 *
 * <p>Every API server of a cluster runs this. They come to the same decisions, and whoever is later finds them made.
 */
public final class CustomResources implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CustomResources.class);

    private static final GroupResource DEFINITIONS =
            new GroupResource("apiextensions.k8s.io", "customresourcedefinitions");
    private static final Duration RETRY = Duration.ofMillis(500);
    private static final Duration LOAD_PATIENCE = Duration.ofSeconds(1);

    private final ResourceRegistry registry;
    private final WatchCache cache;
    private final ObjectStore objects;
    private final InstanceRemoval removal;
    private final WebhookClient webhooks;
    private final Clock clock;
    private final Map<String, KubeObject> known = new HashMap<>();
    private final Map<String, Served> served = new HashMap<>();
    private final Set<String> ending = ConcurrentHashMap.newKeySet();
    private final CountDownLatch synced = new CountDownLatch(1);
    private volatile boolean closed;
    private volatile @Nullable Thread follower;

    /** Removes the objects of a resource; called again and again until there are none. */
    @FunctionalInterface
    public interface InstanceRemoval {

        /** Asks for the deletion of every object. */
        void removeAll(ResourceDefinition definition);
    }

    /** What of a definition the registry was last told. */
    private record Served(
            String uid, long generation, int spec, JsonNode names, boolean ending, GroupResource resource) {

        /** Whether objects may look different now: then watches begin anew. Deletions count as generations too. */
        boolean changesObjects(@Nullable Served before) {
            return before == null || !before.uid.equals(uid) || before.spec != spec;
        }
    }

    public CustomResources(
            ResourceRegistry registry,
            WatchCache cache,
            ObjectStore objects,
            InstanceRemoval removal,
            WebhookClient webhooks,
            Clock clock) {
        this.registry = registry;
        this.cache = cache;
        this.objects = objects;
        this.removal = removal;
        this.webhooks = webhooks;
        this.clock = clock;
    }

    /** Begins to follow the definitions, in the background. */
    public void start() {
        registry.setComplete(false);
        follower = Thread.ofVirtual().name("custom-resources").start(this::follow);
    }

    /** Waits a while for what was established before this server started, so that its first clients find it. */
    public void awaitSynced(Duration patience) {
        try {
            if (!synced.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                log.atWarn()
                        .setMessage("serving without custom resources: the store can't be reached")
                        .log();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether everything that was established before this server started is served. */
    public boolean isSynced() {
        return synced.getCount() == 0;
    }

    @Override
    public void close() {
        closed = true;
        Thread running = follower;
        if (running != null) {
            running.interrupt();
        }
    }

    private void follow() {
        while (!closed) {
            try {
                if (cache.await(1, LOAD_PATIENCE)) {
                    followOnce();
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                log.atError()
                        .setMessage("custom resource definitions can't be followed; trying again")
                        .setCause(e)
                        .log();
                if (!pause()) {
                    return;
                }
            }
        }
    }

    private boolean pause() {
        try {
            clock.sleep(RETRY);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private void followOnce() throws InterruptedException {
        StartedWatch watch = cache.watchAll(DEFINITIONS, Selection.of(""), false);
        try (var watcher = watch.watcher()) {
            List<KubeObject> present = new ArrayList<>();
            watch.objects().scan("", entry -> present.add(entry.object().parse()));
            reset(present);
            synced.countDown();
            registry.setComplete(true);
            while (true) {
                for (WatchItem item : watcher.take()) {
                    switch (item) {
                        case WatchItem.Change change -> take(change.type(), change.entry());
                        case WatchItem.Bookmark ignored -> {}
                        case WatchItem.End ignored -> {
                            return;
                        }
                    }
                }
            }
        }
    }

    /** Begins with everything that is there: what was established is served before anything new is decided. */
    private void reset(List<KubeObject> present) {
        Map<String, KubeObject> before = new HashMap<>(known);
        known.clear();
        present.forEach(each -> known.put(each.name(), each));
        before.keySet().stream().filter(name -> !known.containsKey(name)).forEach(this::gone);
        for (KubeObject each : present) {
            if (DefinitionStatus.isTrue(each, DefinitionStatus.ESTABLISHED)) {
                guarded(each, this::serve);
            }
        }
        present.forEach(each -> guarded(each, this::reconcile));
    }

    private void take(WatchItem.Type type, CachedObject entry) {
        KubeObject definition = entry.object().parse();
        if (type == WatchItem.Type.DELETED) {
            known.remove(definition.name());
            gone(definition.name());
        } else {
            known.put(definition.name(), definition);
            guarded(definition, this::reconcile);
        }
        retryConflicts(definition);
    }

    /** A name may have become free. */
    private void retryConflicts(KubeObject cause) {
        for (KubeObject each : List.copyOf(known.values())) {
            if (!each.name().equals(cause.name())
                    && group(each).equals(group(cause))
                    && !DefinitionStatus.isTrue(each, DefinitionStatus.NAMES_ACCEPTED)) {
                guarded(each, this::reconcile);
            }
        }
    }

    private void guarded(KubeObject definition, java.util.function.Consumer<KubeObject> step) {
        try {
            step.accept(definition);
        } catch (RuntimeException e) {
            log.atError()
                    .setMessage("a custom resource definition can't be brought into effect")
                    .addKeyValue("name", definition.name())
                    .setCause(e)
                    .log();
        }
    }

    private void reconcile(KubeObject definition) {
        NameConflicts.Decision decision = NameConflicts.decide(definition, others(definition));
        boolean wasEstablished = DefinitionStatus.isTrue(definition, DefinitionStatus.ESTABLISHED);
        boolean established = wasEstablished || decision.accepted();
        KubeObject desired = definition.deepCopy();
        describe(desired, decision, wasEstablished);
        if (established) {
            // Served before anyone can read that it is.
            serve(desired);
        }
        if (!desired.at("status").equals(definition.at("status"))) {
            change(definition.name(), definition.uid(), current -> {
                describe(current, decision, wasEstablished);
                return current;
            });
        }
        if (definition.isBeingDeleted() && definition.finalizers().contains(DefinitionStrategy.CLEANUP)) {
            end(desired);
        }
    }

    private void describe(KubeObject definition, NameConflicts.Decision decision, boolean wasEstablished) {
        Instant now = clock.instant();
        DefinitionStatus.status(definition)
                .set("acceptedNames", decision.acceptedNames().deepCopy());
        DefinitionStatus.set(definition, decision.condition(), now);
        if (decision.accepted()) {
            if (!wasEstablished) {
                DefinitionStatus.set(
                        definition,
                        new Condition(
                                DefinitionStatus.ESTABLISHED,
                                true,
                                "InitialNamesAccepted",
                                "the initial names have been accepted"),
                        now);
            }
        } else if (!wasEstablished) {
            DefinitionStatus.set(
                    definition,
                    new Condition(DefinitionStatus.ESTABLISHED, false, "NotAccepted", "not all names are accepted"),
                    now);
        }
        approval(definition, now);
        if (definition.isBeingDeleted() && !hasCondition(definition, DefinitionStatus.TERMINATING)) {
            DefinitionStatus.set(
                    definition,
                    new Condition(
                            DefinitionStatus.TERMINATING,
                            true,
                            "InstanceDeletionPending",
                            "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"),
                    now);
        }
    }

    private static void approval(KubeObject definition, Instant now) {
        if (!DefinitionRules.isProtected(group(definition))) {
            return;
        }
        String approval = definition.annotations().getOrDefault("api-approved.kubernetes.io", "");
        boolean unapproved = approval.startsWith("unapproved");
        String reason =
                approval.isEmpty() ? "MissingAnnotation" : unapproved ? "UnapprovedAnnotation" : "ApprovedAnnotation";
        String message = approval.isEmpty()
                ? "protected groups must have approval annotation \"api-approved.kubernetes.io\", see"
                        + " https://github.com/kubernetes/enhancements/pull/1111"
                : unapproved ? "not approved: \"" + approval + "\"" : "approved in " + approval;
        DefinitionStatus.set(
                definition,
                new Condition(
                        "KubernetesAPIApprovalPolicyConformant", !approval.isEmpty() && !unapproved, reason, message),
                now);
    }

    private static boolean hasCondition(KubeObject definition, String type) {
        for (JsonNode condition : definition.at("status", "conditions")) {
            if (condition.path("type").asString("").equals(type)) {
                return true;
            }
        }
        return false;
    }

    private List<NameConflicts.Names> others(KubeObject definition) {
        List<NameConflicts.Names> others = new ArrayList<>();
        for (KubeObject each : known.values()) {
            if (!each.name().equals(definition.name()) && group(each).equals(group(definition))) {
                others.add(NameConflicts.Names.of(each.at("status", "acceptedNames")));
            }
        }
        for (ResourceDefinition each : registry.all()) {
            boolean isBuiltIn = each.versions().stream().allMatch(version -> version.custom() == null);
            if (isBuiltIn && each.group().equals(group(definition))) {
                List<String> resources = new ArrayList<>(each.shortNames());
                resources.add(each.plural());
                resources.add(each.singular());
                others.add(new NameConflicts.Names(resources, List.of(each.kind(), each.listKind())));
            }
        }
        return others;
    }

    /** Makes the registry serve a definition as it is now. */
    private void serve(KubeObject definition) {
        JsonNode names = definition.at("status", "acceptedNames");
        String plural = names.path("plural").asString("");
        Served now = new Served(
                definition.uid(),
                definition.generation(),
                definition.at("spec").hashCode(),
                names,
                definition.isBeingDeleted(),
                new GroupResource(group(definition), plural));
        Served before = served.get(definition.name());
        if (plural.isEmpty() || now.equals(before)) {
            return;
        }
        ResourceDefinition made = CustomDefinition.of(definition, webhooks);
        served.put(definition.name(), now);
        registry.put(made);
        if (now.changesObjects(before)) {
            cache.reindex(now.resource());
        }
        log.atInfo()
                .setMessage("serving a custom resource")
                .addKeyValue("name", definition.name())
                .addKeyValue("generation", definition.generation())
                .log();
    }

    private void gone(String name) {
        Served was = served.remove(name);
        if (was != null) {
            registry.remove(was.resource());
            cache.forget(was.resource());
            log.atInfo()
                    .setMessage("a custom resource is no longer served")
                    .addKeyValue("name", name)
                    .log();
        }
    }

    /** Removes the objects, then lets the definition go. */
    private void end(KubeObject definition) {
        if (ending.add(definition.uid())) {
            Thread.ofVirtual().name("custom-resource-end").start(() -> {
                try {
                    remove(definition);
                } finally {
                    ending.remove(definition.uid());
                }
            });
        }
    }

    private void remove(KubeObject definition) {
        boolean told = false;
        while (!closed) {
            try {
                ResourceDefinition resource = registry.find(
                                group(definition),
                                definition.at("spec", "names", "plural").asString(""))
                        .filter(each -> DefinitionStatus.isTrue(definition, DefinitionStatus.ESTABLISHED)
                                && each.versions().stream().anyMatch(version -> version.custom() != null))
                        .orElse(null);
                if (resource != null && !isEmpty(resource)) {
                    if (!told) {
                        terminating(
                                definition,
                                true,
                                "InstanceDeletionInProgress",
                                "CustomResource deletion is in progress");
                        told = true;
                    }
                    removal.removeAll(resource);
                }
                if (resource == null || isEmpty(resource)) {
                    terminating(definition, false, "InstanceDeletionCompleted", "removed all instances");
                    return;
                }
            } catch (RuntimeException e) {
                log.atWarn()
                        .setMessage("the objects of a custom resource can't be removed yet")
                        .addKeyValue("name", definition.name())
                        .setCause(e)
                        .log();
            }
            if (!pause()) {
                return;
            }
        }
    }

    private boolean isEmpty(ResourceDefinition resource) {
        return cache.await(cache.currentRevision(), LOAD_PATIENCE)
                && cache.list(resource.storedAs()).objects().size() == 0;
    }

    /** Tells how far the end has come; with the last step the finalizer goes. */
    private void terminating(KubeObject definition, boolean status, String reason, String message) {
        change(definition.name(), definition.uid(), current -> {
            DefinitionStatus.set(
                    current, new Condition(DefinitionStatus.TERMINATING, status, reason, message), clock.instant());
            if (!status) {
                List<String> finalizers = new ArrayList<>(current.finalizers());
                finalizers.remove(DefinitionStrategy.CLEANUP);
                current.setFinalizers(finalizers);
            }
            return current;
        });
    }

    private void change(String name, String uid, UnaryOperator<KubeObject> step) {
        ResourceDefinition definitions = registry.find(DEFINITIONS).orElseThrow();
        try {
            objects.change(definitions, new ObjectKey("", name), current -> {
                if (current == null) {
                    throw ApiException.notFound(DEFINITIONS, name);
                }
                if (!current.uid().equals(uid)) {
                    return new Change.Keep();
                }
                KubeObject changed = step.apply(current);
                return changed.isBeingDeleted() && changed.finalizers().isEmpty()
                        ? new Change.Delete(changed)
                        : new Change.Write(changed);
            });
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    private static String group(KubeObject definition) {
        return definition.at("spec", "group").asString("");
    }
}
