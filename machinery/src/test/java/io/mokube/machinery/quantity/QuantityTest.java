package io.mokube.machinery.quantity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.BigRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "1, 1, 1000",
        "500m, 1, 500",
        "1500m, 2, 1500",
        "-500m, 0, -500",
        "+2, 2, 2000",
        ".5, 1, 500",
        "5., 5, 5000",
        "0.1, 1, 100",
        "2Ki, 2048, 2048000",
        "1.5Gi, 1610612736, 1610612736000",
        "1e3, 1000, 1000000",
        "1E3, 1000, 1000000",
        "1E, 1000000000000000000, 9223372036854775807",
        "1e-3, 1, 1",
        "100n, 1, 1",
        "1u, 1, 1",
        "3k, 3000, 3000000",
        "9Ei, 9223372036854775807, 9223372036854775807",
        "-9Ei, -9223372036854775808, -9223372036854775808",
        "0.0000000001, 1, 1",
    })
    void readsEverySuffix(String text, long value, long milliValue) {
        Quantity quantity = Quantity.parse(text);
        assertThat(quantity.value()).isEqualTo(value);
        assertThat(quantity.milliValue()).isEqualTo(milliValue);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-", ".", "m", "1.2.3", "1 Gi", "1gi", "1KI", "1e", "1e99999", "0x10", "1Gib", "٣", "1e1.5"})
    void refusesAnythingElse(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantity.parse(text))
                .withMessage(Quantity.FORMAT_MESSAGE);
    }

    @Property
    void readsBackWhatItWrites(
            @ForAll @BigRange(min = "-1000000000000", max = "1000000000000") @Scale(9) BigDecimal amount) {
        Quantity quantity = new Quantity(amount);
        assertThat(Quantity.parse(quantity.toString())).isEqualTo(quantity);
    }

    @ParameterizedTest
    @CsvSource({"1000m, 1", "1Ki, 1024", "0.5, 500m", "1000000u, 1"})
    void comparesByAmount(String one, String other) {
        assertThat(Quantity.parse(one)).isEqualTo(Quantity.parse(other)).hasSameHashCodeAs(Quantity.parse(other));
    }

    @ParameterizedTest
    @CsvSource({"1500m, 1500m", "2000m, 2", "1Gi, 1073741824", "1500u, 1500u", "1n, 1n"})
    void writesShortly(String text, String written) {
        assertThat(Quantity.parse(text)).hasToString(written);
    }
}
