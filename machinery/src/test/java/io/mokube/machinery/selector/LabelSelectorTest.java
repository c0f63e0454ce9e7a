package io.mokube.machinery.selector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.mokube.machinery.object.Json;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LabelSelectorTest {

    private static final Map<String, String> LABELS = Map.of("app", "web", "tier", "front", "size", "10");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "app=web                     | true",
                "app==web                    | true",
                "app = web , tier=front      | true",
                "app=db                      | false",
                "app!=db                     | true",
                "absent!=db                  | true",
                "app in (web, db)            | true",
                "app in (db)                 | false",
                "app notin (db)              | true",
                "absent notin (db)           | true",
                "app                         | true",
                "absent                      | false",
                "!absent                     | true",
                "!app                        | false",
                "size>9                      | true",
                "size<9                      | false",
                "app>1                       | false",
                "app in (web),tier notin (x),!y,size | true",
                "app=                        | false",
            })
    void matches(String selector, boolean expected) {
        assertThat(LabelSelector.parse(selector).matches(LABELS)).isEqualTo(expected);
    }

    @Test
    void emptyMatchesEverything() {
        assertThat(LabelSelector.parse("").matches(LABELS)).isTrue();
        assertThat(LabelSelector.parse("  ").isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "=x",
                "a=b,",
                "a in",
                "a in (",
                "a in (b",
                "a in b",
                "a like b",
                ",a",
                "a b",
                "a=b c",
                "a>b",
                "!",
                "a,,b",
                "a=(b)",
                "-a=b",
                "a=-b"
            })
    void refusesWhatIsNoSelector(String selector) {
        assertThatIllegalArgumentException().isThrownBy(() -> LabelSelector.parse(selector));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=b", "a!=b", "a in (b,c)", "a notin (b,c)", "a", "!a", "a>1", "a<1", "a=b,c!=d,!e"})
    void writesWhatItReads(String selector) {
        assertThat(LabelSelector.parse(selector)).hasToString(selector);
    }

    @Test
    void readsTheFormOfObjects() {
        LabelSelector selector = LabelSelector.ofJson(Json.MAPPER.readTree("""
                {"matchLabels": {"app": "web"},
                 "matchExpressions": [
                   {"key": "tier", "operator": "In", "values": ["front", "back"]},
                   {"key": "gone", "operator": "DoesNotExist"}]}"""));
        assertThat(selector.matches(LABELS)).isTrue();
        assertThat(selector).hasToString("app=web,tier in (back,front),!gone");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"matchExpressions\": [{\"key\": \"a\", \"operator\": \"Like\", \"values\": [\"b\"]}]}",
                "{\"matchExpressions\": [{\"key\": \"a\", \"operator\": \"In\"}]}",
                "{\"matchExpressions\": [{\"key\": \"a\", \"operator\": \"Exists\", \"values\": [\"b\"]}]}"
            })
    void refusesWrongExpressions(String json) {
        assertThatIllegalArgumentException().isThrownBy(() -> LabelSelector.ofJson(Json.MAPPER.readTree(json)));
    }
}
