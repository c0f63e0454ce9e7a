package io.mokube.controllermanager.controllers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TtlControllerTest {

    @ParameterizedTest
    @CsvSource({
        // nodes before, nodes now, seconds
        "0, 1, 0", "0, 100, 0", "100, 101, 15", "101, 90, 15", "101, 89, 0", "0, 500, 15", "500, 501, 30",
        "501, 450, 30", "501, 449, 15", "0, 1001, 60", "0, 2001, 300", "2001, 1800, 300", "2001, 1799, 60", "5000, 0, 0"
    })
    void secondsGrowWithTheClusterAndShrinkLater(int before, int now, int seconds) {
        int step = TtlController.step(0, before);
        assertThat(TtlController.ttlSeconds(TtlController.step(step, now))).isEqualTo(seconds);
    }
}
