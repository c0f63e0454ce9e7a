package io.mokube.dns.forward;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Address;

/** The machine's own name servers. */
public final class ResolvConf {

    private static final Logger log = LoggerFactory.getLogger(ResolvConf.class);
    private static final int DNS_PORT = 53;

    private ResolvConf() {}

    /** The name servers that a file such as {@code /etc/resolv.conf} lists, in its order; none when it can't be read. */
    public static List<InetSocketAddress> nameServers(Path file) {
        try {
            return nameServers(Files.readString(file));
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("no name servers are known for names outside of the cluster")
                    .addKeyValue("file", file)
                    .addKeyValue("reason", e.toString())
                    .log();
            return List.of();
        }
    }

    static List<InetSocketAddress> nameServers(String content) {
        return content.lines()
                .map(line -> line.strip().split("\\s+"))
                .filter(words -> words.length > 1 && words[0].equals("nameserver"))
                .flatMap(words -> address(words[1]))
                .distinct()
                .map(address -> new InetSocketAddress(address, DNS_PORT))
                .toList();
    }

    private static Stream<InetAddress> address(String text) {
        // A zone such as %eth0 stays: link-local servers can't be reached without.
        String bare = text.contains("%") ? text.substring(0, text.indexOf('%')) : text;
        if (Address.toByteArray(bare, Address.IPv4) == null && Address.toByteArray(bare, Address.IPv6) == null) {
            return Stream.empty();
        }
        try {
            return Stream.of(InetAddress.getByName(text)); // no look-up: it is an address
        } catch (IOException e) {
            return Stream.empty();
        }
    }
}
