package io.mokube.apiserver.table;

import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/** What Kubernetes shows of a resource without columns of its own: the name and the time of its creation. */
public final class NameAndAgeTable implements TableLayout {

    public static final NameAndAgeTable INSTANCE = new NameAndAgeTable();

    private static final List<Column> COLUMNS = List.of(
            new Column("Name", "string", "name", "Name of the object", 0),
            new Column("Created At", "date", "", "Time of the object's creation", 0));

    private NameAndAgeTable() {}

    @Override
    public List<Column> columns() {
        return COLUMNS;
    }

    @Override
    public List<JsonNode> cells(KubeObject object, Instant now) {
        String created = object.metadata().path("creationTimestamp").asString("");
        return List.of(
                StringNode.valueOf(object.name()), StringNode.valueOf(created.isEmpty() ? "<unknown>" : created));
    }
}
