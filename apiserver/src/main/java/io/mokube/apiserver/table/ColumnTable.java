package io.mokube.apiserver.table;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** A table whose columns are each filled on their own. */
final class ColumnTable implements TableLayout {

    private final List<Column> columns;
    private final List<Cell> cells;

    /** What stands in one cell: a text, a whole number or a truth value. */
    @FunctionalInterface
    interface Cell {
        Object of(KubeObject object, Instant now);
    }

    /** A column and its cells. */
    record Filled(Column column, Cell cell) {}

    private ColumnTable(List<Column> columns, List<Cell> cells) {
        this.columns = List.copyOf(columns);
        this.cells = List.copyOf(cells);
    }

    static TableLayout of(Filled... filled) {
        List<Column> columns = new ArrayList<>();
        List<Cell> cells = new ArrayList<>();
        for (Filled each : filled) {
            columns.add(each.column());
            cells.add(each.cell());
        }
        return new ColumnTable(columns, cells);
    }

    /** The first column. */
    static Filled name() {
        return name(KubeObject::name);
    }

    static Filled name(Function<KubeObject, Object> cell) {
        return new Filled(
                new Column("Name", "string", "name", "Name of the object, unique in its namespace.", 0),
                (object, now) -> cell.apply(object));
    }

    /** How long ago the object was created. */
    static Filled age() {
        return new Filled(
                new Column("Age", "string", "", "Time since the object was created.", 0),
                (object, now) -> HumanDuration.since(Fields.text(object, "metadata", "creationTimestamp"), now));
    }

    /** When the object was created. */
    static Filled createdAt() {
        return new Filled(new Column("Created At", "date", "", "Time of the object's creation.", 0), (object, now) -> {
            String created = Fields.text(object, "metadata", "creationTimestamp");
            return created.isEmpty() ? HumanDuration.UNKNOWN : created;
        });
    }

    static Filled text(String name, String description, Function<KubeObject, Object> cell) {
        return column(name, "string", description, 0, cell);
    }

    /** A column that is shown with {@code -o wide} only. */
    static Filled wide(String name, String description, Function<KubeObject, Object> cell) {
        return column(name, "string", description, 1, cell);
    }

    static Filled number(String name, String description, Function<KubeObject, Object> cell) {
        return column(name, "integer", description, 0, cell);
    }

    static Filled truth(String name, String description, Function<KubeObject, Object> cell) {
        return column(name, "boolean", description, 0, cell);
    }

    static Filled timed(String name, String description, int priority, Cell cell) {
        return new Filled(new Column(name, "string", "", description, priority), cell);
    }

    static Filled column(
            String name, String type, String description, int priority, Function<KubeObject, Object> cell) {
        return new Filled(new Column(name, type, "", description, priority), (object, now) -> cell.apply(object));
    }

    @Override
    public List<Column> columns() {
        return columns;
    }

    @Override
    public List<JsonNode> cells(KubeObject object, Instant now) {
        List<JsonNode> row = new ArrayList<>(cells.size());
        for (Cell cell : cells) {
            row.add(node(cell.of(object, now)));
        }
        return row;
    }

    private static JsonNode node(Object value) {
        JsonNodeFactory factory = Json.MAPPER.getNodeFactory();
        return switch (value) {
            case Integer number -> factory.numberNode(number);
            case Long number -> factory.numberNode(number);
            case Boolean truth -> factory.booleanNode(truth);
            default -> factory.stringNode(value.toString());
        };
    }
}
