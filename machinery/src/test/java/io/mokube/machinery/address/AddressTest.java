package io.mokube.machinery.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
    @ValueSource(strings = {"", "None", "example.com", "10.0.0", "10.0.0.256", "fd00::1::2", "fe80::1%1"})
    void whatIsNoAddressIsNone(String text) {
        assertThat(IpAddress.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3/8, 10.0.0.0/8",
        "' 10.0.0.1/32 ', 10.0.0.1/32",
        "0.0.0.0/0, 0.0.0.0/0",
        "fd00:1:2::9/40, fd00:1::/40",
        "255.255.255.255/32, 255.255.255.255/32",
        "10.244.3.7/23, 10.244.2.0/23",
        "FD00:0:0:0:1:0:0:1/128, fd00::1:0:0:1/128",
        "::ffff:10.1.2.3/24, 10.1.2.0/24",
        "::/0, ::/0"
    })
    void rangesHaveNoBitsBehindThePrefix(String text, String range) {
        assertThat(Cidr.of(text)).hasToString(range);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0",
                "10.0.0.0/33",
                "fd00::/129",
                "10.0.0.0/x",
                "/8",
                "10.0.0.0/-1",
                "10.0.0.0/+8",
                "10.0.0.0/",
                "host/8",
                ""
            })
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

    @Test
    void rangesAreDividedAndNumbered() {
        Cidr cluster = Cidr.of("10.244.0.0/16");
        assertThat(cluster.block(24, 0)).hasToString("10.244.0.0/24");
        assertThat(cluster.block(24, 255)).hasToString("10.244.255.0/24");
        assertThat(cluster.numberOf(24, Cidr.of("10.244.7.128/25"))).isEqualTo(7);
        assertThat(Cidr.of("fd00::/48").block(64, 0xabc)).hasToString("fd00:0:0:abc::/64");
        assertThatThrownBy(() -> cluster.block(24, 256)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> cluster.block(15, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void addressesAreCounted() {
        assertThat(Cidr.of("10.244.255.0/24").address(1)).hasToString("10.244.255.1");
        assertThat(Cidr.of("200.0.0.0/8").address(0xffffff)).hasToString("200.255.255.255");
        assertThat(Cidr.of("fd00::/64").address(0x10000)).hasToString("fd00::1:0");
        assertThat(Cidr.of("fd00::/64").size()).isEqualTo("18446744073709551616");
        assertThat(Cidr.of(IpAddress.of("10.0.0.7")).size()).isEqualTo(1);
        assertThatThrownBy(() -> Cidr.of("10.0.0.0/30").address(4)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "10.244.0.0/16, 10.244.7.0/24, true, true",
        "10.244.7.0/24, 10.244.0.0/16, false, true",
        "10.244.0.0/16, 10.244.0.0/16, true, true",
        "10.244.0.0/16, 10.245.0.0/24, false, false",
        "::/0, 10.244.0.0/16, false, false",
        "::/0, fd00::/8, true, true"
    })
    void rangesContainAndOverlapEachOther(String one, String other, boolean contains, boolean overlaps) {
        assertThat(Cidr.of(one).contains(Cidr.of(other))).isEqualTo(contains);
        assertThat(Cidr.of(one).overlaps(Cidr.of(other))).isEqualTo(overlaps);
    }
}
