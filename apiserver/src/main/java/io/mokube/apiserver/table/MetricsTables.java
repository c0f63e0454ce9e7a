package io.mokube.apiserver.table;

import io.mokube.apiserver.table.ColumnTable.Filled;
import io.mokube.apiserver.table.TableLayout.Column;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** What nodes and pods use, as Kubernetes' metrics-server shows it. */
public final class MetricsTables {

    public static final TableLayout NODES = ColumnTable.of(
            name(),
            column("cpu", "quantity", object -> Fields.textOr("0", object, "usage", "cpu")),
            column("memory", "quantity", object -> Fields.textOr("0", object, "usage", "memory")),
            column("Window", "duration", object -> Fields.text(object, "window")));

    public static final TableLayout PODS = ColumnTable.of(
            name(),
            column("cpu", "quantity", object -> sum(object, "cpu").toString()),
            column("memory", "quantity", object -> sum(object, "memory").toBinaryString()),
            column("Window", "duration", object -> Fields.text(object, "window")));

    private MetricsTables() {}

    private static Filled name() {
        return new Filled(
                new Column("Name", "string", "name", "Name of the resource", 0), (object, now) -> object.name());
    }

    private static Filled column(String name, String format, Function<KubeObject, Object> cell) {
        return new Filled(new Column(name, "string", format, "", 0), (object, now) -> cell.apply(object));
    }

    private static Quantity sum(KubeObject pod, String resource) {
        Quantity sum = Quantity.ZERO;
        for (JsonNode container : pod.at("containers")) {
            sum = sum.plus(Quantity.parse(container.path("usage").path(resource).asString("0")));
        }
        return sum;
    }
}
