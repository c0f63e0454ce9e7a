package io.mokube.apiserver.table;

import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Reads a row as texts. */
final class TableCells {

    private TableCells() {}

    static List<String> of(TableLayout table, String object, String now) {
        List<JsonNode> cells =
                table.cells(KubeObject.parse(object.getBytes(StandardCharsets.UTF_8)), Instant.parse(now));
        if (cells.size() != table.columns().size()) {
            throw new AssertionError("cells and columns differ in number");
        }
        return cells.stream().map(cell -> cell.asString("")).toList();
    }
}
