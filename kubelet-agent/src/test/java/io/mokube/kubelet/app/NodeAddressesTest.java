package io.mokube.kubelet.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.machinery.component.ComponentException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code mokube.address} may say. */
class NodeAddressesTest {

    @ParameterizedTest
    @CsvSource({
        "192.0.2.7, 192.0.2.7",
        "192.0.2.7 2001:DB8:0::7, 192.0.2.7 2001:db8::7",
        "2001:db8::7 192.0.2.7, 2001:db8::7 192.0.2.7",
    })
    void oneOfEachFamilyInTheirOrder(String given, String taken) {
        assertThat(KubeletApplication.nodeAddresses(List.of(given.split(" ")))).containsExactly(taken.split(" "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.7 192.0.2.8", "2001:db8::7 2001:db8::8", "node-1", "10.1", "fe80::1%eth0"})
    void othersAreRefused(String given) {
        assertThatThrownBy(() -> KubeletApplication.nodeAddresses(List.of(given.split(" "))))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("mokube.address");
    }
}
