package io.mokube.kubelet.staticpods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.pods.PodFacts;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pods in files. */
class StaticPodsTest {

    private static Pod parse(String text) {
        return StaticPods.parse("/pods/web.yaml", text.getBytes(StandardCharsets.UTF_8), "Node-1");
    }

    private static final String WEB = "{apiVersion: v1, kind: Pod, metadata: {name: web},"
            + " spec: {containers: [{name: c, image: web}, {name: d, image: 'host:1/web:2'}]}}";

    @Test
    void aPodIsNamedAfterItsNodeAndIdentifiedByItsFile() {
        Pod pod = parse(WEB);
        assertThat(PodFacts.key(pod)).hasToString("default/web-node-1");
        assertThat(PodFacts.uid(pod)).hasSize(32).isEqualTo(PodFacts.uid(parse(WEB)));
        assertThat(PodFacts.uid(pod)).isNotEqualTo(PodFacts.uid(parse(WEB.replace("web:2", "web:3"))));
        assertThat(PodFacts.uid(pod))
                .isNotEqualTo(
                        PodFacts.uid(StaticPods.parse("/pods/b.yaml", WEB.getBytes(StandardCharsets.UTF_8), "Node-1")));
        assertThat(pod.getMetadata().getAnnotations())
                .containsEntry("kubernetes.io/config.source", "file")
                .containsEntry("kubernetes.io/config.hash", PodFacts.uid(pod));
        assertThat(pod.getSpec().getNodeName()).isEqualTo("Node-1");
        assertThat(pod.getSpec().getTolerations()).singleElement().satisfies(toleration -> {
            assertThat(toleration.getOperator()).isEqualTo("Exists");
            assertThat(toleration.getEffect()).isEqualTo("NoExecute");
        });
        assertThat(pod.getSpec().getContainers())
                .extracting(container -> container.getImagePullPolicy())
                .containsExactly("Always", "IfNotPresent");
        assertThat(PodFacts.isStatic(pod)).isTrue();
        assertThat(PodFacts.isCritical(pod)).isTrue();
    }

    @Test
    void jsonIsReadToo() {
        assertThat(parse("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"j\",\"namespace\":\"x\"},"
                                + "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i:1\"}]}}")
                        .getMetadata()
                        .getNamespace())
                .isEqualTo("x");
    }

    @Test
    void aMirrorShowsOnePodOfOneNode() {
        Pod pod = parse(WEB);
        Pod mirror = StaticPods.mirror(
                pod,
                new NodeBuilder()
                        .withNewMetadata()
                        .withName("Node-1")
                        .withUid("u")
                        .endMetadata()
                        .build());
        assertThat(mirror.getMetadata().getUid()).isNull();
        assertThat(mirror.getMetadata().getOwnerReferences()).singleElement().satisfies(owner -> {
            assertThat(owner.getKind()).isEqualTo("Node");
            assertThat(owner.getUid()).isEqualTo("u");
            assertThat(owner.getController()).isTrue();
        });
        assertThat(PodFacts.isMirror(mirror)).isTrue();
        assertThat(StaticPods.shows(mirror, pod)).isTrue();
        assertThat(StaticPods.shows(mirror, parse(WEB.replace("web:2", "web:3"))))
                .isFalse();
        assertThat(StaticPods.shows(pod, pod)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{kind: Pod|couldn't parse as pod",
                "{apiVersion: v1, kind: Service, metadata: {name: x}}|expected a Pod",
                "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {}}|needs a name and containers",
                "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {serviceAccountName: s, containers: [{name: c}]}}|may not reference serviceAccounts",
                "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {volumes: [{name: v, secret: {secretName: s}}], containers: [{name: c}]}}|may not reference secrets",
            })
    void whatIsNoStaticPodIsRefused(String text, String complaint) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(complaint);
    }
}
