package io.mokube.proxy.apply.nftables;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.apply.RuleApplier;
import io.mokube.proxy.compile.Contents;
import io.mokube.proxy.compile.Difference;
import io.mokube.proxy.compile.RuleSet;
import io.mokube.proxy.model.Nft;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Keeps the rules in tables of its own, one for each family, and touches no others. Each change is one transaction of the
 * kernel. Wants {@code nft} 1.0.1 or newer.
 */
public final class NftablesApplier implements RuleApplier {

    private static final Logger log = LoggerFactory.getLogger(NftablesApplier.class);

    private final String table;
    private final HostCommands commands;
    private final StaleConnections staleConnections;

    /**
     * @param table the tables' name
     * @param namespace the network namespace whose packets follow the rules, as {@code ip netns} knows it; nothing for
     *     this process's own
     */
    public NftablesApplier(String table, Optional<String> namespace) {
        this.table = table;
        this.commands = new HostCommands(namespace);
        this.staleConnections = new StaleConnections(commands);
    }

    /** Whether this machine has the command. */
    public static boolean isInstalled() {
        return HostCommands.find("nft").isPresent();
    }

    /**
     * Lets packets between pods on one bridge pass the rules: what a pod sends to a service may go to its neighbour, whose
     * answer must have its address translated back.
     */
    public void prepareHost() {
        for (String setting : List.of("bridge-nf-call-iptables", "bridge-nf-call-ip6tables")) {
            String file = "/proc/sys/net/bridge/" + setting;
            boolean works = commands.run("", "cat", file).output().strip().equals("1")
                    || commands.run("1", "tee", file).succeeded();
            if (!works) {
                log.atWarn()
                        .setMessage("pods on one bridge may not reach each other through services: "
                                + "load br_netfilter and set this to 1")
                        .addKeyValue("setting", "net.bridge." + setting)
                        .log();
            }
        }
    }

    /**
     * Makes sure that this can work.
     *
     * @throws ComponentException when it can't; the message says what to do
     */
    public void check() {
        if (!isInstalled()) {
            throw new ComponentException("nft is not installed, which services need: apt-get install nftables");
        }
        HostCommands.Result result = commands.run("", "nft", "list", "tables");
        if (!result.succeeded()) {
            throw new ComponentException(
                    "nftables can't be used here: " + result.errors().strip());
        }
    }

    @Override
    public void apply(@Nullable RuleSet before, RuleSet after) {
        String script = script(before, after);
        if (!script.isEmpty()) {
            commands.output(script, "nft", "-f", "-");
        }
    }

    /** What {@code nft -f -} is told to get from one rule set to another; empty when nothing changes. */
    public String script(@Nullable RuleSet before, RuleSet after) {
        NftScript script = new NftScript(table);
        for (Family family : Family.values()) {
            if (before == null) {
                fromUnknown(script, family, after);
            } else {
                script.change(family, after.since(before, family));
            }
        }
        return script.text();
    }

    private void fromUnknown(NftScript script, Family family, RuleSet after) {
        Contents wanted = after.table(family);
        Contents present = Contents.empty();
        HostCommands.Result listing = commands.run("", "nft", "-j", "list", "table", Nft.family(family), table);
        if (listing.succeeded()) {
            Optional<Contents> known = NftListing.read(listing.output()).filter(Contents::hasPresentLayout);
            if (known.isPresent()) {
                present = known.get();
            } else {
                log.atInfo()
                        .setMessage("replacing a table of another layout")
                        .addKeyValue("table", table)
                        .log();
                script.removeTable(family);
            }
        }
        script.makeTable(family);
        script.change(family, Difference.between(present, wanted));
    }

    @Override
    public boolean isInPlace() {
        String tables = commands.output("", "nft", "list", "tables");
        return tables.lines().toList().containsAll(List.of("table ip " + table, "table ip6 " + table));
    }

    @Override
    public void endStaleConnections(RuleSet rules) {
        staleConnections.end(rules);
    }

    @Override
    public List<IpAddress> addresses() {
        List<IpAddress> addresses = new ArrayList<>();
        for (JsonNode link : Json.MAPPER.readTree(commands.output("", "ip", "-j", "address", "show"))) {
            for (JsonNode address : link.path("addr_info")) {
                if (address.path("scope").asString("").equals("global")) {
                    IpAddress.parse(address.path("local").asString("")).ifPresent(addresses::add);
                }
            }
        }
        return addresses.stream().distinct().sorted().toList();
    }

    @Override
    public void remove() {
        for (Family family : Family.values()) {
            // Adding it first makes this work whether it is there or not.
            commands.output(
                    "add table %1$s %2$s\ndelete table %1$s %2$s\n".formatted(Nft.family(family), table),
                    "nft",
                    "-f",
                    "-");
        }
    }
}
