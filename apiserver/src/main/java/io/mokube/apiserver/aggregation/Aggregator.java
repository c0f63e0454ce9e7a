package io.mokube.apiserver.aggregation;

import io.mokube.apiserver.aggregation.RemoteState.Known;
import io.mokube.apiserver.discovery.OtherGroups;
import io.mokube.apiserver.pipeline.Elsewhere;
import io.mokube.apiserver.registry.CachedClusterReader;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.apiserver.verbs.OwnObjects;
import io.mokube.apiserver.webhook.ServiceRoute;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.Credential;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Serves what other servers serve: passes their requests on, looks every few seconds whether they answer and what they have,
 * and says so in the APIServices. Registers what this server serves itself.
 */
public final class Aggregator implements OtherGroups, Elsewhere, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Aggregator.class);
    private static final Duration PERIOD = Duration.ofSeconds(1);

    /** Of rounds: how often what was right the last time is looked at again. */
    private static final int EVERY = 15;

    private final ResourceRegistry resources;
    private final ApiServices services;
    private final CachedClusterReader cluster;
    private final ObjectStore objects;
    private final OwnObjects own;
    private final RemoteCalls calls;
    private final Clock clock;
    private final Map<GroupVersion, RemoteState> states = new ConcurrentHashMap<>();
    private final AtomicLong generation = new AtomicLong();
    private volatile boolean closed;
    private final Thread thread;

    public Aggregator(
            ApiServices services,
            CachedClusterReader cluster,
            Backend backend,
            ServiceRoute routes,
            Credential frontProxy) {
        this.resources = backend.resources();
        this.services = services;
        this.cluster = cluster;
        this.objects = backend.objects();
        this.own = new OwnObjects(backend);
        this.calls = new RemoteCalls(routes, frontProxy);
        this.clock = backend.platform().clock();
        this.thread = Thread.ofVirtual().name("api services").unstarted(this::run);
    }

    /** Begins to look; before this, nobody else serves anything. */
    public void start() {
        thread.start();
    }

    // ---- requests

    @Override
    public Optional<Answer> answer(ApiRequest request) {
        if (services.all().isEmpty()) {
            return Optional.empty();
        }
        Optional<RemoteVersion> remote = groupVersion(request).flatMap(services::find);
        if (remote.isEmpty()) {
            return Optional.empty();
        }
        RemoteState state = states.get(remote.get().groupVersion());
        if (state == null || !state.availability().available()) {
            throw ApiException.unavailable("service unavailable");
        }
        return Optional.of(calls.forward(remote.get(), request.raw(), request.user()));
    }

    /** The group version that a path is about, of resources, of its discovery, or of its OpenAPI 3 document. */
    private static Optional<GroupVersion> groupVersion(ApiRequest request) {
        if (request.info().isResourceRequest()) {
            return Optional.of(request.info().groupVersion());
        }
        String path = request.info().path();
        String prefix = path.startsWith("/openapi/v3/apis/") ? "/openapi/v3/apis/" : "/apis/";
        if (!path.startsWith(prefix)) {
            return Optional.empty();
        }
        String[] parts = path.substring(prefix.length()).split("/");
        return parts.length == 2 ? Optional.of(new GroupVersion(parts[0], parts[1])) : Optional.empty();
    }

    // ---- discovery

    @Override
    public long generation() {
        return generation.get();
    }

    @Override
    public List<OtherVersion> versions() {
        return services.all().stream()
                .filter(version -> !version.optional() || isAvailable(version))
                .sorted(Comparator.comparing((RemoteVersion version) ->
                                -priority(version.groupVersion().group()))
                        .thenComparing(version -> version.groupVersion().group())
                        .thenComparing(version -> -version.versionPriority()))
                .map(version -> {
                    Optional<Known> known = Optional.ofNullable(states.get(version.groupVersion()))
                            .filter(state -> state.availability().available())
                            .map(RemoteState::known);
                    return new OtherVersion(
                            version.groupVersion(),
                            known.map(Known::resources),
                            known.map(Known::openApi).filter(address -> !address.isEmpty()));
                })
                .toList();
    }

    private boolean isAvailable(RemoteVersion version) {
        RemoteState state = states.get(version.groupVersion());
        return state != null && state.availability().available();
    }

    @Override
    public int priority(String group) {
        return services.all().stream()
                .filter(version -> version.groupVersion().group().equals(group))
                .mapToInt(RemoteVersion::groupPriority)
                .max()
                .orElseGet(() -> LocalGroups.priority(group));
    }

    // ---- looking after APIServices

    private void run() {
        long registered = -1;
        for (int round = 0; !closed; round++) {
            try {
                look(round);
                long served = resources.generation();
                if (served != registered || round % EVERY == 0) {
                    register();
                    registered = served;
                }
            } catch (RuntimeException e) {
                log.atInfo()
                        .setMessage("the APIServices could not be looked after; trying again")
                        .addKeyValue("reason", e.getMessage())
                        .log();
            }
            try {
                clock.sleep(PERIOD);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void look(int round) {
        List<RemoteVersion> all = List.copyOf(services.all());
        if (states.keySet()
                .retainAll(all.stream().map(RemoteVersion::groupVersion).toList())) {
            generation.incrementAndGet();
        }
        for (RemoteVersion version : all) {
            RemoteState before = states.get(version.groupVersion());
            boolean isKnown = before != null
                    && before.version().equals(version)
                    && before.availability().available();
            if (isKnown
                    && round % EVERY != 0
                    && Availability.ofService(version, cluster).isEmpty()) {
                continue;
            }
            RemoteState now = RemoteState.look(version, cluster, calls);
            states.put(version.groupVersion(), now);
            if (!now.equals(before)) {
                generation.incrementAndGet();
            }
            tell(version.name(), now.availability());
        }
    }

    /** Registers what is served here, and nothing that is not any more. */
    private void register() {
        List<KubeObject> registered = cluster.list(ApiServices.RESOURCE, "");
        List<String> names = registered.stream().map(KubeObject::name).toList();
        List<String> served = new ArrayList<>();
        for (GroupVersion groupVersion : resources.groupVersions()) {
            String name = LocalGroups.name(groupVersion);
            if (groupVersion.group().equals(ApiServices.RESOURCE.group())) {
                continue;
            }
            served.add(name);
            if (!names.contains(name)) {
                own.ensure(ApiServices.RESOURCE, LocalGroups.apiService(groupVersion));
                change(name, Availability.LOCAL);
            }
        }
        for (KubeObject each : registered) {
            boolean local = !each.at("spec", "service").isObject();
            String managed = each.labels().getOrDefault(LocalGroups.MANAGED, "");
            if (local && managed.equals("true") && !served.contains(each.name()) && resources.isComplete()) {
                objects.change(
                        definition(),
                        each.key(),
                        current -> current == null ? new Change.Keep() : new Change.Delete(current));
            } else if (local) {
                tell(each.name(), Availability.LOCAL);
            }
        }
    }

    private void tell(String name, Availability availability) {
        Optional<KubeObject> known = cluster.get(ApiServices.RESOURCE, new ObjectKey("", name));
        if (known.isEmpty() || isTold(known.get(), availability)) {
            return;
        }
        change(name, availability);
        log.atInfo()
                .setMessage("an APIService changed its availability")
                .addKeyValue("name", name)
                .addKeyValue("reason", availability.reason())
                .log();
    }

    private void change(String name, Availability availability) {
        objects.change(definition(), new ObjectKey("", name), current -> {
            if (current == null || isTold(current, availability)) {
                return new Change.Keep();
            }
            condition(current, availability);
            return new Change.Write(current);
        });
    }

    private static boolean isTold(KubeObject apiService, Availability availability) {
        for (JsonNode condition : apiService.at("status", "conditions")) {
            if (condition.path("type").asString("").equals("Available")) {
                return condition.path("status").asString("").equals(availability.available() ? "True" : "False")
                        && condition.path("reason").asString("").equals(availability.reason())
                        && condition.path("message").asString("").equals(availability.message());
            }
        }
        return false;
    }

    private void condition(KubeObject apiService, Availability availability) {
        ObjectNode status = apiService.root().withObjectProperty("status");
        String word = availability.available() ? "True" : "False";
        String since = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        for (JsonNode old : status.path("conditions")) {
            if (old.path("type").asString("").equals("Available")
                    && old.path("status").asString("").equals(word)) {
                since = old.path("lastTransitionTime").asString(since);
            }
        }
        ArrayNode conditions = status.putArray("conditions");
        conditions
                .addObject()
                .put("lastTransitionTime", since)
                .put("message", availability.message())
                .put("reason", availability.reason())
                .put("status", word)
                .put("type", "Available");
    }

    private ResourceDefinition definition() {
        return resources.find(ApiServices.RESOURCE).orElseThrow();
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        calls.close();
    }
}
