package io.mokube.controllermanager.controllers.loadbalancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.controllermanager.controllers.loadbalancer.Assignment.Exhausted;
import io.mokube.controllermanager.controllers.loadbalancer.Assignment.Given;
import io.mokube.controllermanager.controllers.loadbalancer.Assignment.Refused;
import io.mokube.controllermanager.controllers.loadbalancer.Assignment.Wish;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses a service of type LoadBalancer gets. */
class AssignmentTest {

    private static final AddressPool BOTH =
            AddressPool.parse(List.of("192.0.2.10-192.0.2.12", "2001:db8::1-2001:db8::2"));

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            # families, asked for,    has,         others have,            gets
            IPv4,       -,            -,           -,                      192.0.2.10
            IPv4,       -,            -,           192.0.2.10,             192.0.2.11
            IPv4,       -,            192.0.2.12,  -,                      192.0.2.12
            IPv4,       -,            192.0.2.12,  192.0.2.12,             192.0.2.10
            IPv4,       -,            192.0.2.99,  -,                      192.0.2.10
            IPv6,       -,            -,           2001:db8::1,            2001:db8::2
            IPv4 IPv6,  -,            -,           -,                      192.0.2.10 2001:db8::1
            IPv6 IPv4,  -,            192.0.2.11,  -,                      2001:db8::1 192.0.2.11
            IPv4 IPv6,  192.0.2.11,   192.0.2.10,  -,                      192.0.2.11
            IPv4 IPv6,  2001:db8:0::2, -,          -,                      2001:db8::2
            IPv4,       192.0.2.11,   -,           192.0.2.11,             refused
            IPv4,       2001:db8::1,  -,           -,                      refused
            IPv4,       192.0.2.99,   192.0.2.10,  -,                      refused
            IPv4,       anything,     -,           -,                      refused
            IPv6,       -,            -,           2001:db8::1 2001:db8::2, exhausted
            IPv4 IPv6,  -,            192.0.2.10,  2001:db8::1 2001:db8::2, exhausted
            """)
    void aServiceGets(String families, String asked, String has, String others, String gets) {
        Wish wish = new Wish(words(families), Optional.ofNullable(asked), words(has));
        String given =
                switch (Assignment.decide(BOTH, wish, Set.copyOf(words(others))::contains)) {
                    case Given(List<String> addresses) -> String.join(" ", addresses);
                    case Refused refused -> "refused";
                    case Exhausted exhausted -> "exhausted";
                };
        assertThat(given).isEqualTo(gets);
    }

    private static List<String> words(String text) {
        return text == null ? List.of() : List.of(text.split(" "));
    }

    @Test
    void aBlocksFirstAndLastAddressAreNobodys() {
        AddressPool pool = AddressPool.parse(List.of("192.0.2.0/30"));
        assertThat(pool.firstFree("IPv4", address -> false)).contains("192.0.2.1");
        assertThat(pool.firstFree("IPv4", Set.of("192.0.2.1", "192.0.2.2")::contains))
                .isEmpty();
        assertThat(pool.contains("192.0.2.3")).isFalse();
        assertThat(pool.has("IPv6")).isFalse();
        assertThat(AddressPool.parse(List.of("192.0.2.7/32")).contains("192.0.2.7"))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "10.1", "10.0.0.0/33", "192.0.2.9-192.0.2.1", "192.0.2.1-2001:db8::1", "a-b", "1.2.3.4-"})
    void aPoolThatIsNone(String text) {
        assertThatThrownBy(() -> AddressPool.parse(List.of(text)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + text + "\"");
    }
}
