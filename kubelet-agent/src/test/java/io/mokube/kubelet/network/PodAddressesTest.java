package io.mokube.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodAddressesTest {

    @ParameterizedTest
    @CsvSource({
        "10.0.0.2 fd00::2, 192.0.2.1, 10.0.0.2 fd00::2",
        "10.0.0.2 fd00::2, 2001:db8::1, fd00::2 10.0.0.2",
        "fd00::2 10.0.0.2, 192.0.2.1, 10.0.0.2 fd00::2",
        "10.0.0.2, 2001:db8::1, 10.0.0.2",
        "fd00::2 fd00::3 10.0.0.2, 2001:db8::1, fd00::2 10.0.0.2",
    })
    void theNodesFamilyComesFirst(String told, String node, String ordered) {
        assertThat(PodAddresses.ordered(List.of(told.split(" ")), node)).containsExactly(ordered.split(" "));
    }
}
