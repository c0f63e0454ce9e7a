package io.mokube.apiserver.patch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

class JsonPatchTest {

    private static JsonNode json(String text) {
        return Json.MAPPER.readTree(text.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'a':1}|[{'op':'add','path':'/b','value':2}]|{'a':1,'b':2}",
                "{'a':[1,3]}|[{'op':'add','path':'/a/1','value':2}]|{'a':[1,2,3]}",
                "{'a':[1]}|[{'op':'add','path':'/a/-','value':2}]|{'a':[1,2]}",
                "{'a':[1]}|[{'op':'add','path':'/a/1','value':2}]|{'a':[1,2]}",
                "{'a':1}|[{'op':'add','path':'','value':{}}]|{}",
                "{'a':1,'b':2}|[{'op':'remove','path':'/a'}]|{'b':2}",
                "{'a':[1,2]}|[{'op':'remove','path':'/a/0'}]|{'a':[2]}",
                "{'a':1}|[{'op':'replace','path':'/a','value':{'b':null}}]|{'a':{'b':null}}",
                "{'a':[1,2]}|[{'op':'replace','path':'/a/1','value':3}]|{'a':[1,3]}",
                "{'a':{'b':1}}|[{'op':'move','from':'/a/b','path':'/c'}]|{'a':{},'c':1}",
                "{'a':[1,2,3]}|[{'op':'move','from':'/a/0','path':'/a/2'}]|{'a':[2,3,1]}",
                "{'a':{'b':1}}|[{'op':'copy','from':'/a','path':'/a/c'}]|{'a':{'b':1,'c':{'b':1}}}",
                "{'a/b':1,'m~n':2}|[{'op':'test','path':'/a~1b','value':1},{'op':'test','path':'/m~0n','value':2}]|"
                        + "{'a/b':1,'m~n':2}",
                "{'~1':1}|[{'op':'remove','path':'/~01'}]|{}",
                "{'a':{'x':1,'y':2}}|[{'op':'test','path':'/a','value':{'y':2.0,'x':1}}]|{'a':{'x':1,'y':2}}",
                "{'a':1}|[{'op':'test','path':'/b','value':null}]|{'a':1}",
                "{'a':1}|[]|{'a':1}",
            })
    void applies(String target, String patch, String expected) {
        assertThat(JsonPatch.of(json(patch)).apply(json(target))).isEqualTo(json(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|[{'op':'remove','path':'/a'}]|Unable to remove nonexistent path: /a",
                "{}|[{'op':'replace','path':'/a','value':1}]|Unable to replace nonexistent path: /a",
                "{}|[{'op':'add','path':'/a/b','value':1}]|Unable to reach nonexistent path: /a/b",
                "{'a':1}|[{'op':'add','path':'/a/b','value':1}]|Unable to add nonexistent path: /a/b",
                "{'a':[]}|[{'op':'add','path':'/a/1','value':1}]|Unable to access invalid index: /a/1",
                "{'a':[1]}|[{'op':'remove','path':'/a/-'}]|Unable to remove nonexistent path: /a/-",
                "{'a':[1]}|[{'op':'remove','path':'/a/00'}]|Unable to remove nonexistent path: /a/00",
                "{'a':1}|[{'op':'test','path':'/a','value':2}]|testing value /a failed: test failed",
                "{'a':{}}|[{'op':'move','from':'/a','path':'/a/b'}]|can't move \"/a\" into its own child \"/a/b\"",
                "{}|[{'op':'frob','path':'/a'}]|Unexpected kind: frob",
                "{}|[{'op':'add','path':'a','value':1}]|path \"a\" does not begin with \"/\"",
                "{}|[{'op':'copy','path':'/a'}]|operation without a \"from\"",
            })
    void doesNotApply(String target, String patch, String message) {
        ApiException refusal = Objects.requireNonNull(catchThrowableOfType(
                ApiException.class, () -> JsonPatch.of(json(patch)).apply(json(target))));
        assertThat(refusal.code()).isEqualTo(422);
        assertThat(refusal.status().message())
                .isEqualTo("the server rejected our request due to an error in our request");
        assertThat(Objects.requireNonNull(refusal.status().details()).causes())
                .singleElement()
                .satisfies(cause -> assertThat(cause.message()).isEqualTo(message));
    }

    @Test
    void tooManyOperations() {
        ArrayNode patch = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i <= JsonPatch.MAX_OPERATIONS; i++) {
            patch.add(json("{'op':'test','path':'','value':null}"));
        }
        ApiException refusal =
                Objects.requireNonNull(catchThrowableOfType(ApiException.class, () -> JsonPatch.of(patch)));
        assertThat(refusal.code()).isEqualTo(413);
        assertThat(refusal.status().message())
                .isEqualTo("Request entity is too large: The allowed maximum operations in a JSON patch is 10000, got"
                        + " 10001");
    }

    @Test
    void copiesMayNotDoubleForEver() {
        ArrayNode patch = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < 1000; i++) {
            patch.add(json("{'op':'copy','from':'/a','path':'/a/-'}"));
        }
        ApiException refusal = Objects.requireNonNull(catchThrowableOfType(
                ApiException.class, () -> JsonPatch.of(patch).apply(json("{'a':[1,2]}"))));
        assertThat(refusal.code()).isEqualTo(413);
    }

    @Test
    void longTextsMayNotBeCopiedForEver() {
        ObjectNode target = JsonNodeFactory.instance.objectNode();
        target.put("a", "x".repeat(1_000_000)).putArray("b");
        ArrayNode patch = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < 1000; i++) {
            patch.add(json("{'op':'copy','from':'/a','path':'/b/-'}"));
        }
        ApiException refusal = Objects.requireNonNull(catchThrowableOfType(
                ApiException.class, () -> JsonPatch.of(patch).apply(target)));
        assertThat(refusal.code()).isEqualTo(413);
    }

    @Test
    void movesMayNotNestForEver() {
        ArrayNode patch = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < 2000; i++) {
            patch.add(json("{'op':'add','path':'/b','value':{}}"));
            patch.add(json("{'op':'move','from':'/a','path':'/b/c'}"));
            patch.add(json("{'op':'move','from':'/b','path':'/a'}"));
        }
        ApiException refusal = Objects.requireNonNull(catchThrowableOfType(
                ApiException.class, () -> JsonPatch.of(patch).apply(json("{'a':{}}"))));
        assertThat(refusal.code()).isEqualTo(413);
    }

    /** Against a difference made by brute force: replacing what differs leads from any tree to any other. */
    @Property(tries = 200)
    void leadsFromAnyTreeToAnyOther(@ForAll("objects") ObjectNode from, @ForAll("objects") ObjectNode to) {
        ArrayNode patch = JsonNodeFactory.instance.arrayNode();
        difference("", from, to, patch);
        assertThat(JsonPatch.of(patch).apply(from.deepCopy())).isEqualTo(to);
    }

    /** The same difference as a merge patch. */
    @Property(tries = 200)
    void mergePatchLeadsFromAnyTreeToAnyOther(@ForAll("objects") ObjectNode from, @ForAll("objects") ObjectNode to) {
        assertThat(MergePatch.apply(from.deepCopy(), mergeDifference(from, to))).isEqualTo(to);
    }

    private static ObjectNode mergeDifference(ObjectNode from, ObjectNode to) {
        ObjectNode patch = JsonNodeFactory.instance.objectNode();
        from.propertyNames().forEach(name -> {
            if (!to.has(name)) {
                patch.putNull(name);
            }
        });
        to.propertyNames().forEach(name -> {
            JsonNode now = to.path(name);
            if (now instanceof ObjectNode object && from.get(name) instanceof ObjectNode before) {
                patch.set(name, mergeDifference(before, object));
            } else {
                patch.set(name, now);
            }
        });
        return patch;
    }

    private static void difference(String path, ObjectNode from, ObjectNode to, ArrayNode patch) {
        from.propertyNames().forEach(name -> {
            if (!to.has(name)) {
                patch.addObject().put("op", "remove").put("path", path + "/" + name);
            }
        });
        to.propertyNames().forEach(name -> {
            String here = path + "/" + name;
            if (to.get(name) instanceof ObjectNode now && from.get(name) instanceof ObjectNode before) {
                difference(here, before, now, patch);
            } else if (!to.path(name).equals(from.path(name))) {
                patch.addObject()
                        .put("op", from.has(name) ? "replace" : "add")
                        .put("path", here)
                        .set("value", to.path(name));
            }
        });
    }

    @Provide
    Arbitrary<ObjectNode> objects() {
        return objects(3);
    }

    private static Arbitrary<ObjectNode> objects(int depth) {
        Arbitrary<JsonNode> leaf = Arbitraries.oneOf(
                Arbitraries.integers().between(0, 9).map(JsonNodeFactory.instance::numberNode),
                Arbitraries.strings().alpha().ofMaxLength(2).map(JsonNodeFactory.instance::stringNode),
                Arbitraries.integers().between(0, 9).list().ofMaxSize(3).map(items -> {
                    ArrayNode array = JsonNodeFactory.instance.arrayNode();
                    items.forEach(array::add);
                    return array;
                }));
        Arbitrary<JsonNode> value =
                depth == 0 ? leaf : Arbitraries.oneOf(leaf, objects(depth - 1).map(each -> each));
        return Arbitraries.maps(Arbitraries.of("a", "b", "c", "d"), value)
                .ofMaxSize(4)
                .map(map -> {
                    ObjectNode object = JsonNodeFactory.instance.objectNode();
                    map.forEach(object::set);
                    return object;
                });
    }
}
