package io.mokube.controllermanager.controllers.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import io.mokube.controllermanager.controllers.history.History.Change;
import io.mokube.machinery.object.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

class HistoryTest {

    private static PodTemplateSpec template(String image) {
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .addToLabels("app", "web")
                .endMetadata()
                .withNewSpec()
                .withTerminationGracePeriodSeconds(30L)
                .addNewContainer()
                .withName("c")
                .withImage(image)
                .endContainer()
                .addNewVolume()
                .withName("v")
                .withNewEmptyDir()
                .endEmptyDir()
                .endVolume()
                .endSpec()
                .build();
    }

    /** As it comes from the server, whose JSON is read into plain maps. */
    private static ControllerRevision revision(String name, String image, long number) {
        ControllerRevision revision = new ControllerRevisionBuilder()
                .withNewMetadata()
                .withName(name)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withData(RevisionData.of(template(image)))
                .withRevision(number)
                .build();
        return Json.MAPPER.readValue(Json.MAPPER.writeValueAsString(revision), ControllerRevision.class);
    }

    @Test
    void dataIsThePatchThatKubectlSends() {
        assertThat(RevisionData.of(template("web:1")).toString())
                .isEqualTo(
                        "{\"spec\":{\"template\":{\"$patch\":\"replace\",\"metadata\":{\"labels\":{\"app\":\"web\"}},"
                                + "\"spec\":{\"containers\":[{\"image\":\"web:1\",\"name\":\"c\"}],"
                                + "\"terminationGracePeriodSeconds\":30,\"volumes\":[{\"emptyDir\":{},\"name\":\"v\"}]}}}}");
    }

    @Test
    void aTemplateComesBackAsItWas() {
        assertThat(RevisionData.template(revision("a", "web:1", 1))).contains(template("web:1"));
        assertThat(RevisionData.template(new ControllerRevisionBuilder()
                        .withData(Json.MAPPER.readTree("{\"spec\":{}}"))
                        .build()))
                .isEmpty();
    }

    @Test
    void theFirstTemplateIsRevisionOne() {
        assertThat(History.change(List.of(), template("web:1")))
                .isEqualTo(new Change.Create(RevisionData.of(template("web:1")), 1));
    }

    @Test
    void aNewTemplateGetsTheNextNumber() {
        List<ControllerRevision> revisions = List.of(revision("b", "web:2", 7), revision("a", "web:1", 3));
        assertThat(History.change(revisions, template("web:3")))
                .isEqualTo(new Change.Create(RevisionData.of(template("web:3")), 8));
    }

    @Test
    void theNewestTemplateIsLeftAlone() {
        ControllerRevision newest = revision("b", "web:2", 7);
        assertThat(History.change(List.of(newest, revision("a", "web:1", 3)), template("web:2")))
                .isEqualTo(new Change.None(newest));
    }

    @Test
    void goingBackMakesAnOldRevisionTheNewest() {
        ControllerRevision old = revision("a", "web:1", 3);
        assertThat(History.change(List.of(revision("b", "web:2", 7), old), template("web:1")))
                .isEqualTo(new Change.Renumber(old, 8));
    }

    @Test
    void theOldestBeyondTheLimitGo() {
        ControllerRevision first = revision("a", "web:1", 1);
        ControllerRevision second = revision("b", "web:2", 2);
        ControllerRevision third = revision("c", "web:3", 3);
        List<ControllerRevision> past = List.of(third, first, second);
        assertThat(History.surplus(past, any -> false, 1)).containsExactly(first, second);
        assertThat(History.surplus(past, any -> false, 3)).isEmpty();
        assertThat(History.surplus(past, any -> false, 0)).containsExactly(first, second, third);
        assertThat(History.surplus(past, any -> false, null)).isEmpty();
        // What is needed stays, though it counts.
        assertThat(History.surplus(past, revision -> revision.equals(first), 1)).containsExactly(second, third);
    }
}
