package io.mokube.kubelet.runtime.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.kubelet.runtime.docker.PodNetwork.Range;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranges of addresses as users write them. */
class AddressRangeTest {

    @ParameterizedTest
    @CsvSource({
        "10.244.1.0/24, 10.244.1.0, 256",
        "10.244.1.7/24, 10.244.1.0, 256",
        "10.0.0.0/8, 10.0.0.0, 16777216",
        "192.168.255.252/30, 192.168.255.252, 4"
    })
    void theFirstAddressAndHowMany(String cidr, String first, long size) {
        Range range = Range.parse(cidr);
        assertThat(Range.text(range.first())).isEqualTo(first);
        assertThat(range.size()).isEqualTo(size);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.244.1.0", "10.244.1.0/31", "10.244.1.0/24/1", "fd00::/64", "a.b.c.d/24"})
    void whatIsNoRangeIsNamed(String text) {
        assertThatThrownBy(() -> Range.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + text + "\"");
    }
}
