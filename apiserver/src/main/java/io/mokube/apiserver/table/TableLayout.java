package io.mokube.apiserver.table;

import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The columns of a resource and how an object fills them. Safe for use by many threads. */
public interface TableLayout {

    /** The columns, in order; the first is the name. */
    List<Column> columns();

    /**
     * One cell for each column.
     *
     * @param now for ages
     */
    List<JsonNode> cells(KubeObject object, Instant now);

    /** What is worth saying of a row as a whole; nothing for most. */
    default Optional<RowCondition> condition(KubeObject object) {
        return Optional.empty();
    }

    /** Says that what a row shows has come to its end, and why. Its type is {@code Completed}, its status true. */
    record RowCondition(String reason, String message) {}

    /**
     * A column's definition as clients see it.
     *
     * @param type {@code string}, {@code integer}, {@code date} …
     * @param format {@code name} for the name column, else mostly {@code ""}
     * @param priority 0 is always shown, 1 with {@code -o wide}
     */
    record Column(String name, String type, String format, String description, int priority) {}
}
