package io.mokube.machinery.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.machinery.names.GroupVersionKind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

class KubeObjectTest {

    @Test
    void readsTypeAndMetadata() {
        KubeObject object = parse("""
                {"apiVersion": "apps/v1", "kind": "Deployment",
                 "metadata": {"name": "web", "namespace": "default", "uid": "u", "resourceVersion": "7",
                   "generation": 3, "labels": {"app": "web"}, "annotations": {"a": "b"}, "finalizers": ["f"],
                   "creationTimestamp": "2026-01-02T03:04:05Z",
                   "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "o", "uid": "ou", "controller": true}]}}""");
        assertThat(object.groupVersionKind()).isEqualTo(new GroupVersionKind("apps", "v1", "Deployment"));
        assertThat(object.key()).hasToString("default/web");
        assertThat(object.uid()).isEqualTo("u");
        assertThat(object.resourceVersion()).isEqualTo("7");
        assertThat(object.generation()).isEqualTo(3);
        assertThat(object.labels()).isEqualTo(Map.of("app", "web"));
        assertThat(object.annotations()).isEqualTo(Map.of("a", "b"));
        assertThat(object.finalizers()).containsExactly("f");
        assertThat(object.creationTimestamp()).isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
        assertThat(object.isBeingDeleted()).isFalse();
        assertThat(object.ownerReferences()).containsExactly(new OwnerReference("v1", "Pod", "o", "ou", true, false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"metadata\": null}",
                "{\"metadata\": []}",
                "{\"metadata\": {\"name\": 1, \"labels\": [1], \"finalizers\": {}, \"creationTimestamp\": \"x\"}}"
            })
    void readsWrongTypesAsEmpty(String json) {
        KubeObject object = parse(json);
        assertThat(object.name()).isEmpty();
        assertThat(object.labels()).isEmpty();
        assertThat(object.creationTimestamp()).isNull();
        assertThat(object.ownerReferences()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "1", "{} {}", "{\"a\":}", "null"})
    void refusesWhatIsNoObject(String json) {
        assertThatThrownBy(() -> parse(json)).isInstanceOf(JacksonException.class);
    }

    @Test
    void refusesDeepNesting() {
        String deep = "{\"a\":".repeat(100_000);
        assertThatThrownBy(() -> parse(deep)).isInstanceOf(JacksonException.class);
    }

    @Test
    void setsAndRemoves() {
        KubeObject object = KubeObject.of("v1", "Pod");
        object.setMetadata("name", "web");
        object.setFinalizers(List.of("a", "b"));
        KubeObject copy = object.deepCopy();
        object.setFinalizers(List.of());
        object.setMetadata("name", null);
        assertThat(new String(object.toBytes(), StandardCharsets.UTF_8))
                .isEqualTo("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{}}");
        assertThat(copy.finalizers()).containsExactly("a", "b");
    }

    private static KubeObject parse(String json) {
        return KubeObject.parse(json.getBytes(StandardCharsets.UTF_8));
    }
}
