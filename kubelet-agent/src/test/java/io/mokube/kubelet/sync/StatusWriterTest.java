package io.mokube.kubelet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusWriterTest {

    /** What the API server shows and what the agent has told, as {@code Type=Status} with blanks between. */
    @ParameterizedTest
    @CsvSource({
        "'Ready=False', 'Ready=True', true",
        "'Ready=True', 'Ready=True', false",
        "'Ready=True ContainersReady=False', 'Ready=True ContainersReady=True', true",
        "'', 'Ready=True', false",
        "'Ready=True example.com/gate=False', 'Ready=True', false",
    })
    void aConditionThatSomebodyElseChangedOverrules(String shown, String told, boolean overruled) {
        assertThat(StatusWriter.overruled(status(shown), status(told))).isEqualTo(overruled);
    }

    private static PodStatus status(String conditions) {
        PodStatusBuilder status = new PodStatusBuilder();
        for (String each : conditions.isEmpty() ? new String[0] : conditions.split(" ")) {
            status.addNewCondition()
                    .withType(each.split("=")[0])
                    .withStatus(each.split("=")[1])
                    .endCondition();
        }
        return status.build();
    }
}
