package io.mokube.controllermanager.controllers.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DependentsTest {

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0", "99, 0", "100, 1", "1000, 10", "10000, 100"})
    void changesAreGatheredTheLongerTheMoreThereIsToLookAt(int dependents, long millis) {
        assertThat(Dependents.gathering(dependents)).isEqualTo(Duration.ofMillis(millis));
    }
}
