package io.mokube.apiserver.table;

import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Shows one version of a resource with the table of another. */
public final class ConvertedTable implements TableLayout {

    private final TableLayout table;
    private final Consumer<KubeObject> conversion;

    /**
     * A table for objects that first have to be converted.
     *
     * @param conversion turns an object, in place, into the version that the table knows
     */
    public ConvertedTable(TableLayout table, Consumer<KubeObject> conversion) {
        this.table = table;
        this.conversion = conversion;
    }

    @Override
    public List<Column> columns() {
        return table.columns();
    }

    @Override
    public List<JsonNode> cells(KubeObject object, Instant now) {
        KubeObject copy = object.deepCopy();
        conversion.accept(copy);
        return table.cells(copy, now);
    }
}
