package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.flowcontrol.DefaultFlows;
import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps the default flow schemas and priority levels there and up to date, unless their annotation {@code
 * apf.kubernetes.io/autoupdate-spec} forbids it, and says on every schema whether its level exists.
 */
public final class FlowUpkeep implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(FlowUpkeep.class);

    private static final GroupResource SCHEMAS = new GroupResource(DefaultFlows.GROUP, "flowschemas");
    private static final GroupResource LEVELS = new GroupResource(DefaultFlows.GROUP, "prioritylevelconfigurations");
    private static final Duration PERIOD = Duration.ofMinutes(1);
    private static final String DANGLING = "Dangling";

    private final Backend backend;
    private final Writes writes;
    private final Writes.Writer writer;
    private final Clock clock;
    private final DefaultFlows defaults;
    private boolean working;
    private boolean again;
    private volatile boolean closed;

    /** @param clock for the times in conditions and the time between two looks */
    public FlowUpkeep(Backend backend, DefaultFlows defaults, Clock clock) {
        this.backend = backend;
        this.writes = new Writes(backend);
        this.writer = new Writes.Writer(
                OwnObjects.SELF,
                false,
                warning -> {},
                new FieldManager(
                        "api-priority-and-fairness-config-producer-v1", false, DefaultFlows.GROUP + "/v1", ""));
        this.defaults = defaults;
        this.clock = clock;
    }

    /** Looks at once and every minute from now on. */
    public void start() {
        if (!closed) {
            look();
            clock.schedule(PERIOD, this::start);
        }
    }

    /** Looks soon, on another thread, because something changed. */
    public void look() {
        synchronized (this) {
            again = true;
            if (working || closed) {
                return;
            }
            working = true;
        }
        Thread.ofVirtual().name("flow-upkeep").start(this::work);
    }

    private void work() {
        while (true) {
            synchronized (this) {
                if (!again || closed) {
                    working = false;
                    return;
                }
                again = false;
            }
            try {
                // Whoever is told of a change is told before the cache shows it.
                new Reads(backend).awaitCurrent();
                defaults.objects().forEach(this::ensure);
                sayWhatDangles();
            } catch (RuntimeException e) { // a store that is away, or somebody who writes at the same time
                log.atDebug()
                        .setMessage("flow schemas wait for the next look")
                        .setCause(e)
                        .log();
            }
        }
    }

    private void ensure(KubeObject expected) {
        GroupResource resource = expected.kind().equals("FlowSchema") ? SCHEMAS : LEVELS;
        ResourceDefinition definition = backend.resources().find(resource).orElseThrow();
        CachedObject present = backend.cache().get(resource, expected.key());
        if (present == null) {
            try {
                writes.create(definition, expected.deepCopy(), writer);
            } catch (ApiException e) {
                if (!e.isAlreadyExists()) {
                    throw e;
                }
            }
            return;
        }
        KubeObject stored = present.object().parse();
        KubeObject complete = expected.deepCopy();
        definition.strategy().applyDefaults(complete);
        if (isOurs(stored) && !stored.at("spec").equals(complete.at("spec"))) {
            writes.update(definition, expected.key(), "", writer, current -> {
                if (isOurs(current)) {
                    current.root().set("spec", complete.at("spec").deepCopy());
                }
                return current;
            });
        }
    }

    private static boolean isOurs(KubeObject stored) {
        return DefaultFlows.isMandatory(stored)
                || "true".equals(stored.annotations().get(DefaultFlows.AUTO_UPDATE));
    }

    private void sayWhatDangles() {
        ResourceDefinition definition = backend.resources().find(SCHEMAS).orElseThrow();
        Set<String> levels = new HashSet<>();
        backend.cache()
                .list(LEVELS)
                .objects()
                .scan("", level -> levels.add(level.object().parse().name()));
        backend.cache().list(SCHEMAS).objects().scan("", cached -> {
            KubeObject schema = cached.object().parse();
            ObjectNode wanted = condition(schema, levels);
            if (!sameBut(wanted, dangling(schema))) {
                writes.update(definition, schema.key(), "status", writer, current -> {
                    setCondition(current, wanted);
                    return current;
                });
            }
            return true;
        });
    }

    private ObjectNode condition(KubeObject schema, Set<String> levels) {
        String level = schema.at("spec", "priorityLevelConfiguration", "name").asString("");
        boolean exists = levels.contains(level);
        ObjectNode condition = Json.MAPPER.createObjectNode();
        condition.put("type", DANGLING);
        condition.put("status", exists ? "False" : "True");
        condition.put(
                "lastTransitionTime",
                clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
        condition.put("reason", exists ? "Found" : "NotFound");
        condition.put(
                "message",
                "This FlowSchema references the PriorityLevelConfiguration object named \"" + level + "\" "
                        + (exists ? "and it exists" : "but there is no such object"));
        return condition;
    }

    private static JsonNode dangling(KubeObject schema) {
        for (JsonNode condition : schema.at("status", "conditions")) {
            if (condition.path("type").asString("").equals(DANGLING)) {
                return condition;
            }
        }
        return Json.MAPPER.missingNode();
    }

    private static boolean sameBut(JsonNode wanted, JsonNode present) {
        return wanted.path("status").equals(present.path("status"))
                && wanted.path("message").equals(present.path("message"));
    }

    private static void setCondition(KubeObject schema, ObjectNode wanted) {
        ArrayNode conditions = schema.root().withObjectProperty("status").withArrayProperty("conditions");
        for (int i = 0; i < conditions.size(); i++) {
            if (conditions.get(i).path("type").asString("").equals(DANGLING)) {
                conditions.set(i, wanted);
                return;
            }
        }
        conditions.add(wanted);
    }

    @Override
    public void close() {
        closed = true;
    }
}
