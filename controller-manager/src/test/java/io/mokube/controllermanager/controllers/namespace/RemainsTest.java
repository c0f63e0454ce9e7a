package io.mokube.controllermanager.controllers.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.mokube.machinery.names.GroupResource;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RemainsTest {

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00.5Z");

    @Test
    void nothingLeft() {
        Remains remains = new Remains();
        assertThat(remains.isNothing()).isTrue();
        assertThat(remains.conditions(null, NOON))
                .extracting(condition -> condition.getType() + "=" + condition.getStatus() + " " + condition.getReason()
                        + ": " + condition.getMessage())
                .containsExactly(
                        "NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered",
                        "NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed",
                        "NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization",
                        "NamespaceContentRemaining=False ContentRemoved: All content successfully removed",
                        "NamespaceFinalizersRemaining=False ContentHasNoFinalizers: All content-preserving finalizers finished");
    }

    @Test
    void somethingLeft() {
        Remains remains = new Remains();
        remains.addInstances(new GroupResource("", "pods"), 2);
        remains.addInstances(new GroupResource("apps", "deployments"), 1);
        remains.addFinalizer("example.com/wait");
        remains.addFinalizer("example.com/wait");
        remains.addUndiscovered("metrics.k8s.io/v1beta1");
        assertThat(remains.isNothing()).isFalse();
        assertThat(remains.conditions(null, NOON))
                .filteredOn(condition -> condition.getStatus().equals("True"))
                .extracting(NamespaceCondition::getMessage)
                .containsExactly(
                        "Discovery failed for some groups, 1 failing: metrics.k8s.io/v1beta1",
                        "Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances",
                        "Some content in the namespace has finalizers remaining: example.com/wait in 2 resource instances");
    }

    @Test
    void aConditionKeepsItsTimeWhileItsStatusStays() {
        Remains before = new Remains();
        before.addInstances(new GroupResource("", "pods"), 2);
        List<NamespaceCondition> old = before.conditions(null, NOON);
        List<NamespaceCondition> now = new Remains().conditions(old, NOON.plusSeconds(9));
        assertThat(now)
                .extracting(NamespaceCondition::getLastTransitionTime)
                .containsExactly(
                        "2026-01-01T12:00:00Z",
                        "2026-01-01T12:00:00Z",
                        "2026-01-01T12:00:00Z",
                        "2026-01-01T12:00:09Z",
                        "2026-01-01T12:00:00Z");
    }
}
