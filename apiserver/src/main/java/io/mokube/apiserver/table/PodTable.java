package io.mokube.apiserver.table;

import static io.mokube.apiserver.table.Fields.NONE;

import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/**
 * Pods. The status column is no field but a summary: the first thing worth knowing among the pod's phase, its init
 * containers' progress, its containers' troubles and its deletion.
 */
public final class PodTable implements TableLayout {

    private static final List<Column> COLUMNS = List.of(
            new Column("Name", "string", "name", "Name of the pod, unique in its namespace.", 0),
            new Column("Ready", "string", "", "Ready containers of all containers.", 0),
            new Column("Status", "string", "", "What the pod as a whole is doing.", 0),
            new Column("Restarts", "string", "", "How often containers were restarted, and when the last time.", 0),
            new Column("Age", "string", "", "Time since the pod was created.", 0),
            new Column("IP", "string", "", "Address of the pod.", 1),
            new Column("Node", "string", "", "Node the pod is bound to.", 1),
            new Column("Nominated Node", "string", "", "Node where room is being made for the pod.", 1),
            new Column("Readiness Gates", "string", "", "Fulfilled readiness gates of all.", 1));

    @Override
    public List<Column> columns() {
        return COLUMNS;
    }

    @Override
    public List<JsonNode> cells(KubeObject pod, Instant now) {
        Summary summary = new Summary(pod);
        summary.read();
        List<String> cells = List.of(
                pod.name(),
                summary.ready + "/" + summary.total,
                summary.status,
                summary.restarts(now),
                HumanDuration.since(Fields.text(pod, "metadata", "creationTimestamp"), now),
                address(pod),
                Fields.textOr(NONE, pod, "spec", "nodeName"),
                Fields.textOr(NONE, pod, "status", "nominatedNodeName"),
                readinessGates(pod));
        return cells.stream().<JsonNode>map(StringNode::valueOf).toList();
    }

    @Override
    public Optional<RowCondition> condition(KubeObject pod) {
        return switch (Fields.text(pod, "status", "phase")) {
            case "Succeeded" -> Optional.of(new RowCondition("Succeeded", "The pod has completed successfully."));
            case "Failed" -> Optional.of(new RowCondition("Failed", "The pod failed."));
            default -> Optional.empty();
        };
    }

    private static String address(KubeObject pod) {
        String first = pod.at("status", "podIPs").path(0).path("ip").asString("");
        return first.isEmpty() ? Fields.textOr(NONE, pod, "status", "podIP") : first;
    }

    private static String readinessGates(KubeObject pod) {
        JsonNode gates = pod.at("spec", "readinessGates");
        if (gates.isEmpty()) {
            return NONE;
        }
        int fulfilled = 0;
        for (JsonNode gate : gates) {
            if (Fields.hasCondition(pod, gate.path("conditionType").asString(""), "True")) {
                fulfilled++;
            }
        }
        return fulfilled + "/" + gates.size();
    }

    /** The cells that are counted and decided over all containers together. */
    private static final class Summary {

        private final KubeObject pod;
        private int ready;
        private int total;
        private String status;
        private long restarts;
        private @Nullable Instant lastRestart;

        Summary(KubeObject pod) {
            this.pod = pod;
            this.total = pod.at("spec", "containers").size();
            String reason = Fields.text(pod, "status", "reason");
            this.status = reason.isEmpty() ? Fields.text(pod, "status", "phase") : reason;
        }

        void read() {
            for (JsonNode condition : pod.at("status", "conditions")) {
                if (text(condition, "type").equals("PodScheduled")
                        && text(condition, "reason").equals("SchedulingGated")) {
                    status = "SchedulingGated";
                }
            }
            for (JsonNode container : pod.at("spec", "initContainers")) {
                if (isSidecar(container)) {
                    total++;
                }
            }
            boolean initializing = readInitContainers();
            if (!initializing || Fields.hasCondition(pod, "Initialized", "True")) {
                readContainers();
            }
            if (pod.isBeingDeleted()) {
                String phase = Fields.text(pod, "status", "phase");
                if (Fields.text(pod, "status", "reason").equals("NodeLost")) {
                    status = "Unknown";
                } else if (!phase.equals("Succeeded") && !phase.equals("Failed")) {
                    status = "Terminating";
                }
            }
        }

        /** Counts restarts and finds the first init container that is not through; returns whether there is one. */
        private boolean readInitContainers() {
            long sidecarRestarts = 0;
            Instant lastSidecarRestart = null;
            JsonNode statuses = pod.at("status", "initContainerStatuses");
            int index = 0;
            boolean initializing = false;
            for (JsonNode container : statuses) {
                boolean sidecar = isSidecar(text(container, "name"));
                restarts += container.path("restartCount").asLong(0);
                lastRestart = later(lastRestart, container);
                if (sidecar) {
                    sidecarRestarts += container.path("restartCount").asLong(0);
                    lastSidecarRestart = later(lastSidecarRestart, container);
                }
                JsonNode terminated = container.path("state").path("terminated");
                if (terminated.isObject() && terminated.path("exitCode").asInt(0) == 0) {
                    index++;
                    continue;
                }
                if (sidecar && container.path("started").asBoolean(false)) {
                    if (container.path("ready").asBoolean(false)) {
                        ready++;
                    }
                    index++;
                    continue;
                }
                String waiting = text(container.path("state").path("waiting"), "reason");
                if (terminated.isObject()) {
                    status = "Init:" + ending(terminated);
                } else if (!waiting.isEmpty() && !waiting.equals("PodInitializing")) {
                    status = "Init:" + waiting;
                } else {
                    status = "Init:" + index + "/"
                            + pod.at("spec", "initContainers").size();
                }
                initializing = true;
                break;
            }
            if (!initializing || Fields.hasCondition(pod, "Initialized", "True")) {
                // From here on only sidecars among the init containers still run and count.
                restarts = sidecarRestarts;
                lastRestart = lastSidecarRestart;
            }
            return initializing;
        }

        private void readContainers() {
            boolean running = false;
            JsonNode statuses = pod.at("status", "containerStatuses");
            // Backwards, so that the first container has the last word.
            for (int i = statuses.size() - 1; i >= 0; i--) {
                JsonNode container = statuses.path(i);
                restarts += container.path("restartCount").asLong(0);
                lastRestart = later(lastRestart, container);
                JsonNode state = container.path("state");
                String waiting = text(state.path("waiting"), "reason");
                if (!waiting.isEmpty()) {
                    status = waiting;
                } else if (state.path("terminated").isObject()) {
                    status = ending(state.path("terminated"));
                } else if (container.path("ready").asBoolean(false)
                        && state.path("running").isObject()) {
                    running = true;
                    ready++;
                }
            }
            if (status.equals("Completed") && running) {
                status = Fields.hasCondition(pod, "Ready", "True") ? "Running" : "NotReady";
            }
        }

        String restarts(Instant now) {
            return restarts == 0 || lastRestart == null
                    ? Long.toString(restarts)
                    : restarts + " (" + HumanDuration.of(Duration.between(lastRestart, now)) + " ago)";
        }

        private boolean isSidecar(String name) {
            for (JsonNode container : pod.at("spec", "initContainers")) {
                if (text(container, "name").equals(name)) {
                    return isSidecar(container);
                }
            }
            return false;
        }

        private static boolean isSidecar(JsonNode initContainer) {
            return text(initContainer, "restartPolicy").equals("Always");
        }

        private static String ending(JsonNode terminated) {
            String reason = text(terminated, "reason");
            if (!reason.isEmpty()) {
                return reason;
            }
            int signal = terminated.path("signal").asInt(0);
            return signal != 0
                    ? "Signal:" + signal
                    : "ExitCode:" + terminated.path("exitCode").asInt(0);
        }

        private static @Nullable Instant later(@Nullable Instant time, JsonNode container) {
            String finished = text(container.path("lastState").path("terminated"), "finishedAt");
            if (finished.isEmpty()) {
                return time;
            }
            try {
                Instant parsed = Instant.parse(finished);
                return time == null || parsed.isAfter(time) ? parsed : time;
            } catch (DateTimeParseException e) {
                return time;
            }
        }

        private static String text(JsonNode node, String field) {
            return node.path(field).asString("");
        }
    }
}
