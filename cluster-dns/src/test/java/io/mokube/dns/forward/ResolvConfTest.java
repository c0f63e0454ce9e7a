package io.mokube.dns.forward;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ResolvConfTest {

    @Test
    void readsNameServersInTheirOrder() {
        String content = """
                # comment
                search example.com
                nameserver 192.0.2.1
                 nameserver\t2001:db8::1
                nameserver
                nameserver not.an.address
                nameserver 192.0.2.1
                options ndots:1
                """;
        assertThat(ResolvConf.nameServers(content))
                .extracting(each -> each.getAddress().getHostAddress() + " " + each.getPort())
                .containsExactly("192.0.2.1 53", "2001:db8:0:0:0:0:0:1 53");
    }

    @Test
    void aMissingFileNamesNone() {
        assertThat(ResolvConf.nameServers(Path.of("/nowhere/resolv.conf"))).isEmpty();
    }
}
