package io.mokube.scheduler.explain;

import io.mokube.machinery.object.Json;
import io.mokube.scheduler.explain.DecisionLog.Kept;
import io.mokube.scheduler.explain.DecisionLog.Refusal;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.Explainer;
import io.mokube.scheduler.framework.Explanation;
import io.mokube.scheduler.framework.Explanation.NodeAnswer;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.framework.Verdict;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Explanations as JSON objects, as tables for kubectl, and as text. */
final class ExplanationForms {

    static final String GROUP = "scheduling.mokube.io";
    static final String VERSION = "v1";
    static final String RESOURCE = "podexplanations";
    private static final String KIND = "PodExplanation";

    /** So many nodes a person still reads; what comes after them is summed up. */
    private static final int MOST_LINES = 200;

    private ExplanationForms() {}

    static Explanation explain(Kept kept) {
        Explanation explanation = new Explainer(kept.profile())
                .explain(kept.pod(), kept.snapshot().apart(), kept.start(), kept.decision());
        return kept.refusal()
                .map(refusal -> explanation.refused(new Verdict.Unfit(who(refusal), List.of(refusal.reason()), false)))
                .orElse(explanation);
    }

    private static String who(Refusal refusal) {
        return refusal.plugin().isEmpty() ? refusal.point() : refusal.plugin();
    }

    /** The whole explanation as an object of the API. */
    static ObjectNode object(Kept kept) {
        Explanation explanation = explain(kept);
        ObjectNode object = head(kept);
        ArrayNode nodes = object.putArray("nodes");
        for (NodeAnswer answer : explanation.nodes()) {
            ObjectNode node = nodes.addObject();
            node.put("name", answer.node()).put("verdict", answer.standing().label());
            if (!answer.objections().isEmpty()) {
                ArrayNode objections = node.putArray("objections");
                for (Verdict.Unfit unfit : answer.objections()) {
                    ObjectNode objection = objections.addObject();
                    objection.put("plugin", unfit.plugin());
                    unfit.reasons().forEach(objection.putArray("reasons")::add);
                    objection.put("preemptionMayHelp", unfit.preemptionMayHelp());
                }
            }
            if (!answer.scores().isEmpty()) {
                ArrayNode scores = node.putArray("scores");
                answer.scores()
                        .forEach(score -> scores.addObject()
                                .put("plugin", score.plugin())
                                .put("score", score.score())
                                .put("weight", score.weight()));
                node.put("total", answer.total());
            }
        }
        return object;
    }

    /** Several decisions, without what was said of each node. */
    static ObjectNode list(List<Kept> decisions) {
        ObjectNode list = Json.MAPPER.createObjectNode();
        list.put("kind", KIND + "List").put("apiVersion", GROUP + "/" + VERSION);
        list.putObject("metadata");
        ArrayNode items = list.putArray("items");
        decisions.forEach(kept -> items.add(head(kept)));
        return list;
    }

    private static ObjectNode head(Kept kept) {
        ObjectNode object = Json.MAPPER.createObjectNode();
        object.put("kind", KIND).put("apiVersion", GROUP + "/" + VERSION);
        object.set("metadata", metadata(kept));
        object.put("podUID", kept.pod().uid());
        object.put("schedulerName", kept.profile().schedulerName());
        ObjectNode decision = object.putObject("decision");
        switch (kept.decision()) {
            case Decision.Place place ->
                decision.put("node", place.node())
                        .put("evaluatedNodes", place.evaluated())
                        .put("feasibleNodes", place.feasible());
            case Decision.NoFit noFit -> {
                decision.put("message", noFit.message()).put("evaluatedNodes", noFit.evaluated());
                decision.put("feasibleNodes", 0);
                if (noFit.remedy() instanceof Remedy.Evict evict) {
                    decision.put("nominatedNode", evict.node());
                    ArrayNode victims = decision.putArray("victims");
                    evict.victims().forEach(victim -> victims.add(victim.key().toString()));
                }
            }
        }
        kept.refusal()
                .ifPresent(refusal -> decision.putObject("refusal")
                        .put("extensionPoint", refusal.point())
                        .put("plugin", refusal.plugin())
                        .put("reason", refusal.reason()));
        return object;
    }

    private static ObjectNode metadata(Kept kept) {
        return Json.MAPPER
                .createObjectNode()
                .put("name", kept.pod().key().name())
                .put("namespace", kept.pod().key().namespace())
                .put(
                        "creationTimestamp",
                        kept.decidedAt().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    /** A table with a line for each node. */
    static ObjectNode table(Kept kept) {
        ObjectNode table = emptyTable(List.of(
                new Column("Node", 0),
                new Column("Verdict", 0),
                new Column("Score", 0),
                new Column("Plugin", 0),
                new Column("Reason", 0),
                new Column("Scores", 1)));
        ArrayNode rows = table.putArray("rows");
        for (NodeAnswer answer : explain(kept).nodes()) {
            ObjectNode row = rows.addObject();
            row.putArray("cells")
                    .add(answer.node())
                    .add(answer.standing().label())
                    .add(total(answer))
                    .add(plugins(answer))
                    .add(reasons(answer))
                    .add(scores(answer));
            row.set("object", partial(kept));
        }
        return table;
    }

    /** A table with a line for each decision. */
    static ObjectNode table(List<Kept> decisions) {
        ObjectNode table = emptyTable(
                List.of(new Column("Name", 0), new Column("Node", 0), new Column("Fit", 0), new Column("Message", 0)));
        ArrayNode rows = table.putArray("rows");
        for (Kept kept : decisions) {
            ObjectNode row = rows.addObject();
            ArrayNode cells = row.putArray("cells").add(kept.pod().key().name());
            switch (kept.decision()) {
                case Decision.Place place ->
                    cells.add(place.node())
                            .add(place.feasible() + "/" + place.evaluated())
                            .add(kept.refusal().map(ExplanationForms::sentence).orElse(""));
                case Decision.NoFit noFit ->
                    cells.add("<none>").add("0/" + noFit.evaluated()).add(noFit.message());
            }
            row.set("object", partial(kept));
        }
        return table;
    }

    /**
     * A column.
     *
     * @param priority 0 for those that are always shown, 1 for those with {@code -o wide}
     */
    private record Column(String name, int priority) {}

    private static ObjectNode emptyTable(List<Column> columns) {
        ObjectNode table = Json.MAPPER.createObjectNode();
        table.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        table.putObject("metadata");
        ArrayNode definitions = table.putArray("columnDefinitions");
        for (Column column : columns) {
            definitions
                    .addObject()
                    .put("name", column.name())
                    .put("type", "string")
                    .put("format", column.name().equals("Name") ? "name" : "")
                    .put("description", "")
                    .put("priority", column.priority());
        }
        return table;
    }

    private static ObjectNode partial(Kept kept) {
        ObjectNode partial = Json.MAPPER.createObjectNode();
        partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
        partial.set("metadata", metadata(kept));
        return partial;
    }

    /** The explanation as a person reads it. */
    static String text(Kept kept) {
        Explanation explanation = explain(kept);
        StringBuilder text = new StringBuilder();
        text.append("Pod:        ").append(kept.pod().key()).append('\n');
        text.append("Scheduler:  ").append(kept.profile().schedulerName()).append('\n');
        text.append("Decided:    ")
                .append(kept.decidedAt().truncatedTo(ChronoUnit.SECONDS))
                .append('\n');
        switch (kept.decision()) {
            case Decision.Place place -> {
                text.append("Node:       ").append(place.node()).append('\n');
                text.append("Nodes:      ")
                        .append(explanation.nodes().size() + " known, " + place.evaluated() + " asked, "
                                + place.feasible() + " fit\n");
                kept.refusal()
                        .ifPresent(refusal -> text.append("Refused:    ")
                                .append(sentence(refusal))
                                .append('\n'));
            }
            case Decision.NoFit noFit -> {
                text.append("Node:       none\n");
                text.append("Message:    ").append(noFit.message()).append('\n');
                if (noFit.remedy() instanceof Remedy.Evict evict) {
                    text.append("Preempting: on ")
                            .append(evict.node())
                            .append(": ")
                            .append(evict.victims().stream()
                                    .map(victim -> victim.key().toString())
                                    .collect(Collectors.joining(", ")))
                            .append('\n');
                }
            }
        }
        List<List<String>> lines = new ArrayList<>();
        lines.add(List.of("NODE", "VERDICT", "SCORE", "PLUGIN", "REASON", "SCORES"));
        for (NodeAnswer answer : explanation.nodes()) {
            if (lines.size() > MOST_LINES) {
                break;
            }
            lines.add(List.of(
                    answer.node(),
                    answer.standing().label(),
                    total(answer),
                    plugins(answer),
                    reasons(answer),
                    scores(answer)));
        }
        text.append('\n');
        align(lines, text);
        int more = explanation.nodes().size() - (lines.size() - 1);
        if (more > 0) {
            text.append("… and ").append(more).append(" more nodes; the JSON form has all of them\n");
        }
        return text.toString();
    }

    private static String sentence(Refusal refusal) {
        return refusal.point() + (refusal.plugin().isEmpty() ? "" : " by " + refusal.plugin()) + ": "
                + refusal.reason();
    }

    private static void align(List<List<String>> lines, StringBuilder text) {
        int columns = lines.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> line : lines) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (List<String> line : lines) {
            StringBuilder aligned = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                aligned.append(line.get(i))
                        .append(" ".repeat(widths[i] - line.get(i).length() + 3));
            }
            text.append(aligned.toString().stripTrailing()).append('\n');
        }
    }

    private static String total(NodeAnswer answer) {
        return answer.scores().isEmpty() ? "-" : Long.toString(answer.total());
    }

    private static String plugins(NodeAnswer answer) {
        return answer.objections().isEmpty()
                ? "-"
                : answer.objections().stream().map(Verdict.Unfit::plugin).collect(Collectors.joining(","));
    }

    private static String reasons(NodeAnswer answer) {
        return answer.objections().isEmpty()
                ? "-"
                : answer.objections().stream()
                        .flatMap(unfit -> unfit.reasons().stream())
                        .collect(Collectors.joining(", "));
    }

    private static String scores(NodeAnswer answer) {
        return answer.scores().isEmpty()
                ? "-"
                : answer.scores().stream()
                        .map(score -> score.plugin() + "=" + score.score()
                                + (score.weight() == 1 ? "" : "x" + score.weight()))
                        .collect(Collectors.joining(", "));
    }
}
