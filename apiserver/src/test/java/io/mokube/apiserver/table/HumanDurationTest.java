package io.mokube.apiserver.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumanDurationTest {

    @ParameterizedTest
    @CsvSource({
        "-2, <invalid>",
        "-1, 0s",
        "0, 0s",
        "3, 3s",
        "119, 119s",
        "120, 2m",
        "312, 5m12s",
        "600, 10m",
        "10799, 179m",
        "10800, 3h",
        "11100, 3h5m",
        "28800, 8h",
        "172799, 47h",
        "172800, 2d",
        "190800, 2d5h",
        "691200, 8d",
        "63071999, 729d",
        "63072000, 2y",
        "64800000, 2y20d",
        "252288000, 8y"
    })
    void durationsAreRoundedAsKubernetesRoundsThem(long seconds, String expected) {
        assertThat(HumanDuration.of(Duration.ofSeconds(seconds))).isEqualTo(expected);
    }

    @Test
    void whatHasNoTimeIsUnknown() {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");

        assertThat(HumanDuration.since("", now)).isEqualTo("<unknown>");
        assertThat(HumanDuration.since("yesterday", now)).isEqualTo("<unknown>");
        assertThat(HumanDuration.since("2025-12-31T23:59:00Z", now)).isEqualTo("60s");
    }
}
