package io.mokube.apiserver.crd;

import io.mokube.apiserver.table.HumanDuration;
import io.mokube.apiserver.table.TableLayout;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** The table of a custom resource: its name, then the columns its definition names, or else its age. */
final class CustomTable implements TableLayout {

    private static final Column NAME = new Column(
            "Name",
            "string",
            "name",
            "The name of the object; it identifies the object among those of its kind, in its namespace if it has one.",
            0);

    private final List<Column> columns = new ArrayList<>();
    private final List<JsonPath> paths = new ArrayList<>();

    /** @param given the {@code additionalPrinterColumns} of a version, checked when the definition was written */
    CustomTable(JsonNode given) {
        columns.add(NAME);
        for (JsonNode column : given) {
            columns.add(new Column(
                    column.path("name").asString(""),
                    column.path("type").asString(""),
                    column.path("format").asString(""),
                    description(column),
                    column.path("priority").asInt(0)));
            paths.add(JsonPath.parse(column.path("jsonPath").asString("")));
        }
        if (given.isEmpty()) {
            columns.add(new Column("Age", "date", "", "When the object was created.", 0));
            paths.add(JsonPath.parse(".metadata.creationTimestamp"));
        }
    }

    private static String description(JsonNode column) {
        String given = column.path("description").asString("");
        return given.isEmpty()
                ? "Custom resource definition column (in JSONPath format): "
                        + column.path("jsonPath").asString("")
                : given;
    }

    @Override
    public List<Column> columns() {
        return columns;
    }

    @Override
    public List<JsonNode> cells(KubeObject object, Instant now) {
        List<JsonNode> cells = new ArrayList<>(columns.size());
        JsonNodeFactory nodes = Json.MAPPER.getNodeFactory();
        cells.add(nodes.stringNode(object.name()));
        for (int i = 0; i < paths.size(); i++) {
            List<JsonNode> found = paths.get(i).find(object.root());
            cells.add(
                    found.isEmpty() ? nodes.nullNode() : cell(columns.get(i + 1).type(), found.getFirst(), now));
        }
        return cells;
    }

    private static JsonNode cell(String type, JsonNode value, Instant now) {
        JsonNodeFactory nodes = Json.MAPPER.getNodeFactory();
        return switch (type) {
            case "integer" -> value.isNumber() ? nodes.numberNode(value.longValue()) : nodes.nullNode();
            case "number" -> value.isNumber() ? value : nodes.nullNode();
            case "boolean" -> value.isBoolean() ? value : nodes.nullNode();
            case "date" -> value.isString() ? nodes.stringNode(age(value.stringValue(), now)) : nodes.nullNode();
            default -> value.isNull() ? nodes.nullNode() : nodes.stringNode(text(value));
        };
    }

    private static String text(JsonNode value) {
        return value.isString() ? value.stringValue() : value.toString();
    }

    private static String age(String timestamp, Instant now) {
        try {
            return HumanDuration.of(
                    Duration.between(OffsetDateTime.parse(timestamp).toInstant(), now));
        } catch (DateTimeException e) {
            return "<invalid>";
        }
    }
}
