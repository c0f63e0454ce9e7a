package io.mokube.controllermanager.controllers.address;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {

    @ParameterizedTest
    @CsvSource({
        "10.244.0.0/16, 10.244.0.0/16",
        "10.244.3.7/24, 10.244.3.0/24",
        "255.255.255.255/32, 255.255.255.255/32",
        "0.0.0.0/0, 0.0.0.0/0",
        "fd00:0:0:5::/64, fd00:0:0:5::/64",
        "FD00:0:0:0:1:0:0:1/128, fd00::1:0:0:1/128",
        "::/0, ::/0",
        "1:2:3:4:5:6:7:8/128, 1:2:3:4:5:6:7:8/128",
        "1:0:3:4:5:6:7:8/128, 1:0:3:4:5:6:7:8/128"
    })
    void readsAndWrites(String text, String canonical) {
        assertThat(Cidr.parse(text).orElseThrow()).hasToString(canonical);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "fd00::/129", "host/8", "10.0.0.0/x", "/8"})
    void refusesWhatIsNone(String text) {
        assertThat(Cidr.parse(text)).isEmpty();
    }

    @Test
    void blocksContainAndNumberEachOther() {
        Cidr cluster = cidr("10.244.0.0/16");
        assertThat(cluster.block(24, 0)).hasToString("10.244.0.0/24");
        assertThat(cluster.block(24, 255)).hasToString("10.244.255.0/24");
        assertThat(cluster.numberOf(24, cidr("10.244.7.128/25"))).isEqualTo(7);
        assertThat(cidr("fd00::/48").block(64, 0xabc)).hasToString("fd00:0:0:abc::/64");
        assertThat(cluster.contains(cidr("10.244.7.0/24"))).isTrue();
        assertThat(cidr("10.244.7.0/24").contains(cluster)).isFalse();
        assertThat(cluster.contains(cidr("10.245.0.0/24"))).isFalse();
        assertThat(cidr("::/0").contains(cluster)).isFalse();
    }

    private static Cidr cidr(String text) {
        return Cidr.parse(text).orElseThrow();
    }
}
