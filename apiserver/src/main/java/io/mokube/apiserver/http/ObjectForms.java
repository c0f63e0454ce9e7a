package io.mokube.apiserver.http;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.request.Form;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.table.TableLayout;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Objects in other forms than the bytes they are stored in. */
final class ObjectForms {

    /** What table rows carry of their objects. */
    enum IncludeObject {
        NONE,
        METADATA,
        OBJECT;

        static IncludeObject parse(String text) {
            return switch (text) {
                case "None" -> NONE;
                case "Object" -> OBJECT;
                default -> METADATA;
            };
        }
    }

    private ObjectForms() {}

    /** Whether the stored bytes of an object may be what the client wants. */
    static boolean isStoredForm(Form form) {
        return form.view() == Form.View.OBJECT && form.syntax() == Form.Syntax.JSON;
    }

    /** Whether the stored bytes are what the client wants. */
    static boolean isStoredForm(Served served, Form form, StoredObject object) {
        return isStoredForm(form) && served.version().conversion().servesAsStored(object.value());
    }

    /** The object in the version of the path. */
    static KubeObject convert(Served served, StoredObject object) {
        KubeObject tree = object.parse();
        served.version().conversion().fromStorage(tree);
        return tree;
    }

    /** The object with nothing but its metadata. */
    static ObjectNode partial(KubeObject object, String metaVersion) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", "PartialObjectMetadata");
        root.put("apiVersion", "meta.k8s.io/" + metaVersion);
        root.set("metadata", object.metadata());
        return root;
    }

    /** A table without rows. */
    static ObjectNode table(Form form, ObjectNode listMetadata, TableLayout layout, boolean withColumns) {
        ObjectNode table = Json.MAPPER.createObjectNode();
        table.put("kind", "Table");
        table.put("apiVersion", "meta.k8s.io/" + form.metaVersion());
        table.set("metadata", listMetadata);
        ArrayNode columns = table.putArray("columnDefinitions");
        if (withColumns) {
            for (TableLayout.Column column : layout.columns()) {
                ObjectNode each = columns.addObject();
                each.put("name", column.name());
                each.put("type", column.type());
                each.put("format", column.format());
                each.put("description", column.description());
                each.put("priority", column.priority());
            }
        }
        return table;
    }

    /** An object's row. */
    static ObjectNode row(KubeObject object, Form form, TableLayout layout, IncludeObject include, Instant now) {
        ObjectNode row = Json.MAPPER.createObjectNode();
        ArrayNode cells = row.putArray("cells");
        for (JsonNode cell : layout.cells(object, now)) {
            cells.add(cell);
        }
        layout.condition(object)
                .ifPresent(condition -> row.putArray("conditions")
                        .addObject()
                        .put("type", "Completed")
                        .put("status", "True")
                        .put("reason", condition.reason())
                        .put("message", condition.message()));
        switch (include) {
            case NONE -> {}
            case METADATA -> row.set("object", partial(object, form.metaVersion()));
            case OBJECT -> row.set("object", object.root());
        }
        return row;
    }
}
