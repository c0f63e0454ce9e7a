package io.mokube.proxy.apply.nftables;

import io.mokube.machinery.address.Family;
import io.mokube.proxy.compile.Chain;
import io.mokube.proxy.compile.Container;
import io.mokube.proxy.compile.Difference;
import io.mokube.proxy.compile.ElementKey;
import io.mokube.proxy.compile.Rule;
import io.mokube.proxy.model.Nft;
import java.util.List;
import java.util.function.Function;

/** Writes changes of tables in nftables' own language, for {@code nft -f -}: one script is one transaction. */
final class NftScript {

    /** So long a command may get, in elements. */
    private static final int MOST_ELEMENTS = 2000;

    private final StringBuilder text = new StringBuilder();
    private final String table;

    /**
     * @param table the tables' name, of every family
     */
    NftScript(String table) {
        this.table = table;
    }

    String text() {
        return text.toString();
    }

    /** Removes a table that is there. */
    void removeTable(Family family) {
        line("delete table", family).append('\n');
    }

    /** Makes a table with its sets and maps, without changing what is there already. */
    void makeTable(Family family) {
        line("add table", family).append('\n');
        for (Container container : Container.values()) {
            line("add " + container.kind(), family)
                    .append(' ')
                    .append(container.nftName())
                    .append(" { ")
                    .append(container.typeOf(family))
                    .append("; }\n");
        }
    }

    void change(Family family, Difference difference) {
        for (String set : difference.newAffinitySets()) {
            line("add set", family)
                    .append(' ')
                    .append(set)
                    .append(" { type ")
                    .append(Nft.addressType(family))
                    .append("; flags dynamic,timeout; }\n");
        }
        for (Chain chain : difference.newChains()) {
            line("add chain", family).append(' ').append(chain.name());
            chain.hook()
                    .ifPresent(hook -> text.append(" { ").append(hook.text()).append(" }"));
            text.append('\n');
        }
        for (Chain chain : difference.rewritten()) {
            line("flush chain", family).append(' ').append(chain.name()).append('\n');
            for (Rule rule : chain.rules()) {
                line("add rule", family)
                        .append(' ')
                        .append(chain.name())
                        .append(' ')
                        .append(rule.text(family))
                        .append('\n');
            }
        }
        difference
                .gone()
                .forEach((container, keys) -> elements("delete element", family, container, keys, ElementKey::text));
        difference
                .added()
                .forEach((container, values) -> elements(
                        "add element",
                        family,
                        container,
                        List.copyOf(values.entrySet()),
                        each -> each.getKey().text() + each.getValue().text()));
        // A chain that another one still leads to can't be removed: all are emptied first.
        difference
                .oldChains()
                .forEach(chain ->
                        line("flush chain", family).append(' ').append(chain).append('\n'));
        difference
                .oldChains()
                .forEach(chain ->
                        line("delete chain", family).append(' ').append(chain).append('\n'));
        difference
                .oldAffinitySets()
                .forEach(set ->
                        line("delete set", family).append(' ').append(set).append('\n'));
    }

    private <T> void elements(
            String command, Family family, Container container, List<T> elements, Function<T, String> writer) {
        for (int from = 0; from < elements.size(); from += MOST_ELEMENTS) {
            line(command, family).append(' ').append(container.nftName()).append(" { ");
            List<T> some = elements.subList(from, Math.min(elements.size(), from + MOST_ELEMENTS));
            for (int i = 0; i < some.size(); i++) {
                text.append(i == 0 ? "" : ", ").append(writer.apply(some.get(i)));
            }
            text.append(" }\n");
        }
    }

    private StringBuilder line(String command, Family family) {
        return text.append(command)
                .append(' ')
                .append(Nft.family(family))
                .append(' ')
                .append(table);
    }
}
