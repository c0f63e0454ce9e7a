package io.mokube.apiserver.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {

    /** How many addresses, how many of the first are left to choose, the first and the last one. */
    @ParameterizedTest
    @CsvSource({
        "10.96.0.0/30, 2, 0, 10.96.0.1, 10.96.0.2",
        "10.96.0.0/28, 14, 0, 10.96.0.1, 10.96.0.14",
        "10.96.0.0/27, 30, 16, 10.96.0.1, 10.96.0.30",
        "10.96.3.9/24, 254, 16, 10.96.3.1, 10.96.3.254",
        "10.96.0.0/22, 1022, 64, 10.96.0.1, 10.96.3.254",
        "10.96.0.0/12, 1048574, 256, 10.96.0.1, 10.111.255.254",
        "fd00::/112, 65534, 256, fd00::1, fd00::fffe",
        "fd00::/66, 4611686018427387902, 256, fd00::1, fd00::3fff:ffff:ffff:fffe"
    })
    void addressesOfARange(String cidr, long count, long left, String first, String last) {
        AddressRange range = AddressRange.parse(cidr);
        assertThat(range.count()).isEqualTo(count);
        assertThat(range.leftToChoose()).isEqualTo(left);
        assertThat(range.first()).isEqualTo(range.get(0)).isEqualTo(InetAddress.ofLiteral(first));
        assertThat(range.get(count - 1)).isEqualTo(InetAddress.ofLiteral(last));
        assertThat(range.contains(InetAddress.ofLiteral(first))).isTrue();
        assertThat(range.contains(InetAddress.ofLiteral(last))).isTrue();
        assertThat(range.contains(range.get(-1))).isFalse();
        assertThat(range.contains(range.get(count))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "fd00:0:0:1::1, true",
        "fd00:0:0:1:ffff:ffff:ffff:fffe, true",
        "fd00:0:0:1::, false",
        "fd00:0:0:1:ffff:ffff:ffff:ffff, false",
        "fd00:0:0:2::1, false",
        "10.96.0.1, false"
    })
    void largeRangesHaveAddressesThatAreOnlyChosen(String address, boolean contained) {
        assertThat(AddressRange.parse("fd00:0:0:1::/64").contains(InetAddress.ofLiteral(address)))
                .isEqualTo(contained);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.96.0.0", "10.96.0.0/31", "10.96.0.0/33", "10.96.0.0/-1", "services/12"})
    void noRange(String cidr) {
        assertThatThrownBy(() -> AddressRange.parse(cidr)).isInstanceOf(IllegalArgumentException.class);
        assertThat(AddressRange.find(cidr)).isEmpty();
    }
}
