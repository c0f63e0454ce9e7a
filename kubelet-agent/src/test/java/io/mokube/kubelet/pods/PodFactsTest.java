package io.mokube.kubelet.pods;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.machinery.object.Json;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** What follows from a pod's object. */
class PodFactsTest {

    private static final YAMLMapper YAML = YAMLMapper.builder().build();
    private static final String POD =
            "{metadata: {name: p, namespace: default, uid: u, resourceVersion: '1', labels: {a: b}},"
                    + " spec: {containers: [{name: c, image: i}]}, status: {phase: Pending}}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|true",
                "{metadata: {resourceVersion: '2', managedFields: [{manager: kubelet}]}, status: {phase: Running}}|true",
                "{status: {conditions: [{type: Gate, status: 'True'}]}}|true",
                "{metadata: {uid: other}}|false",
                "{metadata: {labels: {a: c}}}|false",
                "{metadata: {annotations: {a: c}}}|false",
                "{metadata: {finalizers: [a/b]}}|false",
                "{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30}}|false",
                "{spec: {containers: [{name: c, image: j}]}}|false",
                "{spec: {ephemeralContainers: [{name: e, image: i}]}}|false",
                "{spec: {activeDeadlineSeconds: 5}}|false",
            })
    void anObjectThatTellsAnotherStatusOnlyIsToldFromOneThatWantsSomethingElse(String change, boolean same) {
        ObjectNode changed = (ObjectNode) YAML.readTree(POD);
        merge(changed, YAML.readTree(change));

        assertThat(PodFacts.sameButForStatus(pod(YAML.readTree(POD)), pod(changed)))
                .isEqualTo(same);
    }

    private static Pod pod(JsonNode json) {
        return Json.MAPPER.treeToValue(json, Pod.class);
    }

    private static void merge(ObjectNode into, JsonNode change) {
        change.properties().forEach(field -> {
            if (field.getValue().isObject() && into.get(field.getKey()) instanceof ObjectNode inner) {
                merge(inner, field.getValue());
            } else {
                into.set(field.getKey(), field.getValue());
            }
        });
    }
}
