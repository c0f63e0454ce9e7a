package io.mokube.apiserver.admission.policies;

import dev.cel.common.values.NullValue;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Trees as expressions see them. Pure. */
final class PolicyValues {

    private PolicyValues() {}

    static Object of(@Nullable KubeObject object) {
        return object == null ? NullValue.NULL_VALUE : of(object.root());
    }

    static Object of(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                node.properties().forEach(field -> map.put(field.getKey(), of(field.getValue())));
                yield map;
            }
            case ARRAY -> {
                List<Object> list = new ArrayList<>(node.size());
                node.forEach(item -> list.add(of(item)));
                yield list;
            }
            case STRING, BINARY -> node.asString("");
            case BOOLEAN -> node.booleanValue();
            case NUMBER ->
                node.canConvertToLong() && node.isIntegralNumber()
                        ? (Object) node.longValue()
                        : (Object) node.doubleValue();
            case NULL, MISSING, POJO -> NullValue.NULL_VALUE;
        };
    }
}
