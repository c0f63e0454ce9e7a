package io.mokube.apiserver.cel;

import com.google.protobuf.ByteString;
import dev.cel.common.values.CelByteString;
import dev.cel.common.values.NullValue;
import io.mokube.machinery.object.Json;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What an expression made, as a tree. Pure. */
public final class CelTrees {

    private CelTrees() {}

    /** @throws IllegalArgumentException for what no tree can hold, such as a type */
    public static JsonNode of(Object value) {
        return switch (value) {
            case String text -> Json.MAPPER.getNodeFactory().stringNode(text);
            case Boolean flag -> Json.MAPPER.getNodeFactory().booleanNode(flag);
            case Long number -> Json.MAPPER.getNodeFactory().numberNode(number);
            case Integer number -> Json.MAPPER.getNodeFactory().numberNode((long) number);
            case Double number -> Json.MAPPER.getNodeFactory().numberNode(number);
            case Number number -> Json.MAPPER.getNodeFactory().numberNode(number.longValue());
            case NullValue ignored -> Json.MAPPER.nullNode();
            case CelByteString bytes -> text(bytes.toByteArray());
            case ByteString bytes -> text(bytes.toByteArray());
            case Map<?, ?> map -> {
                ObjectNode object = Json.MAPPER.createObjectNode();
                map.forEach((key, item) -> object.set(String.valueOf(key), of(item)));
                yield object;
            }
            case Iterable<?> items -> {
                ArrayNode list = Json.MAPPER.createArrayNode();
                items.forEach(item -> list.add(of(item)));
                yield list;
            }
            case Optional<?> maybe -> maybe.<JsonNode>map(CelTrees::of).orElseGet(Json.MAPPER::nullNode);
            default ->
                throw new IllegalArgumentException(
                        "a " + value.getClass().getSimpleName() + " can't be part of an object");
        };
    }

    private static JsonNode text(byte[] bytes) {
        return Json.MAPPER.getNodeFactory().stringNode(Base64.getEncoder().encodeToString(bytes));
    }
}
