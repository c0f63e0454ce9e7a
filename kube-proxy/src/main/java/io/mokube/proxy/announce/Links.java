package io.mokube.proxy.announce;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.apply.RuleApplier.ApplyException;
import io.mokube.proxy.apply.nftables.HostCommands;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Addresses of load balancers on this machine. They stand on a device of their own, a bridge that nothing is attached to,
 * so that removing it removes all of them, also those that a killed process left. The kernel answers ARP for them on every
 * link. For IPv6 it does so only on the link that an address belongs to, so there it is told to, for each address.
 *
 * <p>For one thread. Needs {@code ip}; the announcements to neighbours need busybox.
 */
final class Links {

    private static final Logger log = LoggerFactory.getLogger(Links.class);

    private final HostCommands host;
    private final String device;

    Links(Optional<String> networkNamespace, String device) {
        this.host = new HostCommands(networkNamespace);
        this.device = device;
    }

    /** The addresses that are there now. */
    Set<IpAddress> present() {
        HostCommands.Result result = host.run("", "ip", "-json", "address", "show", "dev", device);
        Set<IpAddress> present = new TreeSet<>();
        if (result.succeeded()) {
            for (JsonNode link : Json.MAPPER.readTree(result.output())) {
                for (JsonNode address : link.path("addr_info")) {
                    if (!address.path("scope").asString("").equals("link")) {
                        IpAddress.parse(address.path("local").asString("")).ifPresent(present::add);
                    }
                }
            }
        }
        return present;
    }

    /**
     * Takes an address over, and tells the neighbours.
     *
     * @throws ApplyException when that can't be
     */
    void add(IpAddress address) {
        if (!host.run("", "ip", "link", "show", "dev", device).succeeded()) {
            host.output("", "ip", "link", "add", device, "type", "bridge");
            host.output("", "ip", "link", "set", device, "up");
        }
        if (address.family() == Family.IPV4) {
            host.output("", "ip", "address", "replace", address + "/32", "dev", device);
        } else {
            host.output("", "ip", "address", "replace", address + "/128", "dev", device, "nodad");
        }
        Optional<String> link = linkOf(address);
        if (link.isPresent()) {
            announce(address, link.get());
        }
    }

    private void announce(IpAddress address, String link) {
        if (address.family() == Family.IPV6) {
            host.output("", "sysctl", "-qw", "net.ipv6.conf." + link.replace('.', '/') + ".proxy_ndp=1");
            host.output("", "ip", "-6", "neighbour", "replace", "proxy", address.toString(), "dev", link);
            return;
        }
        HostCommands.Result told = host.run(
                "",
                "busybox",
                "arping",
                "-q",
                "-U",
                "-c",
                "1",
                "-w",
                "1",
                "-I",
                link,
                "-s",
                address.toString(),
                address.toString());
        if (!told.succeeded()) {
            log.atDebug()
                    .setMessage("neighbours were not told")
                    .addKeyValue("address", address)
                    .addKeyValue("reason", told.errors().strip())
                    .log();
        }
    }

    /** Gives an address up. */
    void remove(IpAddress address) {
        boolean v4 = address.family() == Family.IPV4;
        host.run("", "ip", "address", "del", address + (v4 ? "/32" : "/128"), "dev", device);
        if (!v4) {
            linkOf(address)
                    .ifPresent(link ->
                            host.run("", "ip", "-6", "neighbour", "del", "proxy", address.toString(), "dev", link));
        }
    }

    /** Gives all of them up. */
    void removeAll() {
        present().stream().filter(each -> each.family() == Family.IPV6).forEach(this::remove);
        host.run("", "ip", "link", "del", device);
    }

    /** The link whose network the address is in. */
    private Optional<String> linkOf(IpAddress address) {
        for (JsonNode link : Json.MAPPER.readTree(host.output("", "ip", "-json", "address", "show", "up"))) {
            String name = link.path("ifname").asString("");
            for (JsonNode each : link.path("addr_info")) {
                String network = each.path("local").asString("") + "/"
                        + each.path("prefixlen").asInt(0);
                if (!name.equals(device)
                        && !name.equals("lo")
                        && Cidr.parse(network)
                                .filter(cidr -> cidr.contains(address))
                                .isPresent()) {
                    return Optional.of(name);
                }
            }
        }
        return Optional.empty();
    }
}
