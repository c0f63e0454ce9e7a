package io.mokube.apiserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PathElementTest {

    /** Each in the order of structured merge: by what the steps hold, not by how that is written. */
    static List<List<String>> ordered() {
        return List.of(
                List.of("f:a", "f:b", "k:{\"name\":\"a\"}", "v:\"a\"", "i:0"),
                // Texts with and without what JSON escapes, and with characters before the closing quote.
                List.of("v:\"\"", "v:\"a\"", "v:\"a b\"", "v:\"a!\"", "v:\"a\\\"\"", "v:\"a\\\\\"", "v:\"ab\""),
                List.of("k:{\"name\":\"a\"}", "k:{\"name\":\"a \"}", "k:{\"name\":\"a-b\"}", "k:{\"name\":\"ab\"}"),
                List.of("k:{\"ip\":\"x\"}", "k:{\"name\":\"a\"}"),
                // Numbers by what they count, before texts.
                List.of("v:2", "v:10", "v:\"1\"", "v:\"10\""),
                List.of(
                        "k:{\"containerPort\":80,\"protocol\":\"TCP\"}",
                        "k:{\"containerPort\":80,\"protocol\":\"UDP\"}",
                        "k:{\"containerPort\":443,\"protocol\":\"TCP\"}",
                        "k:{\"containerPort\":8080,\"protocol\":\"TCP\"}"));
    }

    @ParameterizedTest
    @MethodSource("ordered")
    void sortsByWhatStepsHold(List<String> elements) {
        assertThat(PathElement.sorted(elements.reversed())).isEqualTo(elements);
        assertThat(PathElement.sorted(elements)).isEqualTo(elements);
    }
}
