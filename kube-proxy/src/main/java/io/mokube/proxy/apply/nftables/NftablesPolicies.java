package io.mokube.proxy.apply.nftables;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.model.Nft;
import io.mokube.proxy.policy.compile.Chain;
import io.mokube.proxy.policy.compile.Key;
import io.mokube.proxy.policy.compile.PolicyDifference;
import io.mokube.proxy.policy.compile.PolicyRuleSet;
import io.mokube.proxy.policy.compile.PolicyTable;
import io.mokube.proxy.policy.compile.Step;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Keeps the rules of network policies in tables of their own, one for each family, and touches no others; without a policy
 * there is no table. Each change is one transaction of the kernel. Used by one thread at a time.
 */
public final class NftablesPolicies {

    /** So long a command may get, in elements. */
    private static final int MOST_ELEMENTS = 2000;

    private final String table;
    private final HostCommands commands;

    /**
     * @param table the tables' name
     * @param namespace the network namespace whose packets follow the rules, as {@code ip netns} knows it; nothing for
     *     this process's own
     */
    public NftablesPolicies(String table, Optional<String> namespace) {
        this.table = table;
        this.commands = new HostCommands(namespace);
    }

    /**
     * Makes packets follow these rules, all of them at once. Connections that are established go on.
     *
     * @param before the rules that were applied last; null when that is not known, and then whatever is there is replaced
     * @throws io.mokube.proxy.apply.RuleApplier.ApplyException when that can't be; the old rules hold then
     */
    public void apply(@Nullable PolicyRuleSet before, PolicyRuleSet after) {
        String script = script(before, after);
        if (!script.isEmpty()) {
            commands.output(script, "nft", "-f", "-");
        }
    }

    /** What {@code nft -f -} is told to get from one rule set to another; empty when nothing changes. */
    public String script(@Nullable PolicyRuleSet before, PolicyRuleSet after) {
        StringBuilder text = new StringBuilder();
        for (Family family : Family.values()) {
            Writer writer = new Writer(text, family);
            if (before != null && !before.isEmpty() && !after.isEmpty()) {
                writer.change(after.since(before, family));
            } else if (before == null || !before.isEmpty() || !after.isEmpty()) {
                // Rules hold no state, so there is nothing to lose; adding first makes removing work in any case.
                writer.line("add table", "");
                writer.line("delete table", "");
                after.table(family).ifPresent(wanted -> {
                    writer.line("add table", "");
                    writer.change(PolicyDifference.between(new PolicyTable(Map.of(), Map.of()), wanted));
                });
            }
        }
        return text.toString();
    }

    /** Whether the tables of these rules are still there: somebody may have removed them. */
    public boolean isInPlace(PolicyRuleSet rules) {
        return rules.isEmpty()
                || commands.output("", "nft", "list", "tables")
                        .lines()
                        .toList()
                        .containsAll(List.of("table ip " + table, "table ip6 " + table));
    }

    /** The interfaces that have an address out of one of these ranges: what the pods of the ranges are behind. */
    public Set<String> links(List<Cidr> ranges) {
        Set<String> links = new HashSet<>();
        for (JsonNode link : Json.MAPPER.readTree(commands.output("", "ip", "-j", "address", "show"))) {
            for (JsonNode each : link.path("addr_info")) {
                IpAddress.parse(each.path("local").asString(""))
                        .filter(address -> ranges.stream().anyMatch(range -> range.contains(address)))
                        .ifPresent(any -> links.add(link.path("ifname").asString("")));
            }
        }
        return links;
    }

    /** Removes all rules. */
    public void remove() {
        apply(null, PolicyRuleSet.EMPTY);
    }

    /** Writes changes of one table in nftables' own language. */
    private final class Writer {

        private final StringBuilder text;
        private final Family family;

        Writer(StringBuilder text, Family family) {
            this.text = text;
            this.family = family;
        }

        void line(String command, String rest) {
            text.append(command)
                    .append(' ')
                    .append(Nft.family(family))
                    .append(' ')
                    .append(table)
                    .append(rest.isEmpty() ? "" : " ")
                    .append(rest)
                    .append('\n');
        }

        void change(PolicyDifference difference) {
            // Chains first: nft sends the kernel elements of a map with the map itself, and they lead to chains.
            difference
                    .newChains()
                    .forEach(chain -> line(
                            "add chain",
                            chain.name() + (chain.forwards() ? " { type filter hook forward priority 0; }" : "")));
            difference
                    .newContainers()
                    .forEach((name, kind) -> line("add " + kind.nftName(), name + " { " + kind.typeOf(family) + " }"));
            for (Chain chain : difference.rewritten()) {
                line("flush chain", chain.name());
                for (Step step : chain.steps()) {
                    line("add rule", chain.name() + " " + step.text(family));
                }
            }
            difference.gone().forEach((name, keys) -> elements("delete element", name, keys, Key::text));
            difference
                    .added()
                    .forEach((name, values) -> elements(
                            "add element",
                            name,
                            List.copyOf(values.entrySet()),
                            each -> each.getKey().text()
                                    + (each.getValue().text().isEmpty()
                                            ? ""
                                            : " : " + each.getValue().text())));
            difference.oldChains().forEach(name -> line("flush chain", name));
            difference.oldContainers().forEach((name, kind) -> line("delete " + kind.nftName(), name));
            difference.oldChains().forEach(name -> line("delete chain", name));
        }

        private <T> void elements(String command, String container, List<T> elements, Function<T, String> writer) {
            for (int from = 0; from < elements.size(); from += MOST_ELEMENTS) {
                StringBuilder some = new StringBuilder(container).append(" { ");
                for (T each : elements.subList(from, Math.min(elements.size(), from + MOST_ELEMENTS))) {
                    some.append(writer.apply(each)).append(", ");
                }
                some.setLength(some.length() - 2);
                line(command, some.append(" }").toString());
            }
        }
    }
}
