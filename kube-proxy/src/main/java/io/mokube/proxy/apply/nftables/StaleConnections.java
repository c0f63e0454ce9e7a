package io.mokube.proxy.apply.nftables;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.apply.RuleApplier.ApplyException;
import io.mokube.proxy.compile.ElementKey.Frontend;
import io.mokube.proxy.compile.ElementValue.Target;
import io.mokube.proxy.compile.RuleSet;
import io.mokube.proxy.model.Protocol;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the kernel remembers of UDP and SCTP. A client that keeps sending from one port keeps its connection alive, and
 * with it the endpoint that was drawn when it began, even after that is gone.
 */
final class StaleConnections {

    private static final Logger log = LoggerFactory.getLogger(StaleConnections.class);

    private final HostCommands commands;
    private boolean saidMissing;

    StaleConnections(HostCommands commands) {
        this.commands = commands;
    }

    /** Forgets connections to frontends that were sent somewhere where the service no longer is. */
    void end(RuleSet rules) {
        Map<Frontend, Set<Target>> targets = rules.connectionlessTargets();
        if (targets.isEmpty()) {
            return;
        }
        if (HostCommands.find("conntrack").isEmpty()) {
            if (!saidMissing) {
                saidMissing = true;
                log.atWarn()
                        .setMessage(
                                "conntrack is not installed: UDP clients may keep sending to endpoints that are gone")
                        .log();
            }
            return;
        }
        Set<Protocol> protocols = EnumSet.noneOf(Protocol.class);
        Set<Family> families = EnumSet.noneOf(Family.class);
        targets.keySet().forEach(frontend -> {
            protocols.add(frontend.protocol());
            families.add(frontend.address().family());
        });
        for (Family family : families) {
            for (Protocol protocol : protocols) {
                end(family, protocol, targets);
            }
        }
    }

    private void end(Family family, Protocol protocol, Map<Frontend, Set<Target>> targets) {
        String familyName = family == Family.IPV4 ? "ipv4" : "ipv6";
        HostCommands.Result listing = commands.run("", "conntrack", "-L", "-f", familyName, "-p", protocol.nftName());
        if (!listing.succeeded()) {
            throw new ApplyException("conntrack failed: " + listing.errors().strip());
        }
        listing.output()
                .lines()
                .flatMap(line -> Flow.read(line, protocol).stream())
                .forEach(flow -> {
                    Set<Target> now = targets.get(flow.frontend());
                    if (now != null && !now.contains(flow.target())) {
                        // It fails for one that ended by itself in between.
                        commands.run(
                                "",
                                "conntrack",
                                "-D",
                                "-f",
                                familyName,
                                "-p",
                                protocol.nftName(),
                                "--orig-src",
                                flow.source().text(),
                                "--orig-dst",
                                flow.frontend().address().text(),
                                "--sport",
                                Integer.toString(flow.sourcePort()),
                                "--dport",
                                Integer.toString(flow.frontend().port()));
                        log.atDebug()
                                .setMessage("ended a stale connection")
                                .addKeyValue("flow", flow)
                                .log();
                    }
                });
    }

    /**
     * A connection as the kernel remembers it.
     *
     * @param target where answers come from
     */
    record Flow(IpAddress source, int sourcePort, Frontend frontend, Target target) {

        /** Reads a line of {@code conntrack -L}: the addresses of one direction, then those of the other. */
        static Optional<Flow> read(String line, Protocol protocol) {
            Map<String, String> there = new HashMap<>();
            Map<String, String> back = new HashMap<>();
            for (String word : List.of(line.split(" +"))) {
                int equals = word.indexOf('=');
                if (equals > 0) {
                    String name = word.substring(0, equals);
                    (there.containsKey(name) ? back : there).putIfAbsent(name, word.substring(equals + 1));
                }
            }
            try {
                return Optional.of(new Flow(
                        IpAddress.of(there.getOrDefault("src", "")),
                        Integer.parseInt(there.getOrDefault("sport", "")),
                        new Frontend(
                                IpAddress.of(there.getOrDefault("dst", "")),
                                protocol,
                                Integer.parseInt(there.getOrDefault("dport", ""))),
                        new Target(
                                IpAddress.of(back.getOrDefault("src", "")),
                                Integer.parseInt(back.getOrDefault("sport", "")))));
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }
    }
}
