package io.mokube.proxy.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, 10.0.0.1",
        "::, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "FD00:0:0:0:1:0:0:0, fd00::1:0:0:0",
        "FD00:0:0:1:0:0:0:0, fd00:0:0:1::",
        "fd00::1:0:0:1, fd00::1:0:0:1",
        "1:0:2:0:3:0:4:0, 1:0:2:0:3:0:4:0",
        "2001:0db8:0000:0000:0000:ff00:0042:8329, 2001:db8::ff00:42:8329",
    })
    void equalAddressesAreEqualTexts(String text, String canonical) {
        assertThat(IpAddress.of(text).text()).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "None", "example.com", "10.0.0", "10.0.0.256", "fd00::1::2"})
    void whatIsNoAddressIsNone(String text) {
        assertThat(IpAddress.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3/8, 10.0.0.0/8",
        "' 10.0.0.1/32 ', 10.0.0.1/32",
        "0.0.0.0/0, 0.0.0.0/0",
        "fd00:1:2::9/40, fd00:1::/40"
    })
    void rangesHaveNoBitsBehindThePrefix(String text, String range) {
        assertThat(Cidr.of(text)).hasToString(range);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0", "10.0.0.0/33", "fd00::/129", "10.0.0.0/x", "/8", "10.0.0.0/-1"})
    void whatIsNoRangeIsNone(String text) {
        assertThat(Cidr.parse(text)).isEmpty();
    }

    @Test
    void rangesContainTheirAddresses() {
        Cidr range = Cidr.of("10.60.0.0/15");
        assertThat(range.contains(IpAddress.of("10.61.255.255"))).isTrue();
        assertThat(range.contains(IpAddress.of("10.62.0.0"))).isFalse();
        assertThat(range.contains(IpAddress.of("::1"))).isFalse();
    }

    @Test
    void rangesWithinOthersAreLeftOut() {
        List<Cidr> ranges = Stream.of("10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/8", "11.0.0.0/8")
                .map(Cidr::of)
                .toList();
        assertThat(Cidr.disjoint(ranges)).containsExactly(Cidr.of("10.0.0.0/8"), Cidr.of("11.0.0.0/8"));
    }
}
