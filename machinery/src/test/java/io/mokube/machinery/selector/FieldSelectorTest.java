package io.mokube.machinery.selector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldSelectorTest {

    private static final Map<String, String> FIELDS =
            Map.of("metadata.name", "web", "spec.nodeName", "", "x", "a,b=c\\");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "metadata.name=web                  | true",
                "metadata.name==web                 | true",
                "metadata.name!=web                 | false",
                "spec.nodeName=                     | true",
                "spec.nodeName!=                    | false",
                "metadata.name=web,spec.nodeName=n1 | false",
                "x=a\\,b\\=c\\\\                    | true",
            })
    void matches(String selector, boolean expected) {
        FieldSelector parsed = FieldSelector.parse(selector);
        assertThat(parsed.matches(field -> FIELDS.getOrDefault(field, ""))).isEqualTo(expected);
        assertThat(FieldSelector.parse(parsed.toString())).isEqualTo(parsed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"metadata.name", "a=b,c", "a=\\x", "a=b\\"})
    void refusesWhatIsNoSelector(String selector) {
        assertThatIllegalArgumentException().isThrownBy(() -> FieldSelector.parse(selector));
    }
}
