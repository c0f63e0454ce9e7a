package io.mokube.proxy.compile;

import java.util.List;
import java.util.Optional;

/**
 * A chain of rules.
 *
 * @param hook where on every packet's way it stands; nothing when other chains lead to it
 */
public record Chain(String name, Optional<Hook> hook, List<Rule> rules) {

    public Chain {
        rules = List.copyOf(rules);
    }

    static Chain of(String name, Rule... rules) {
        return new Chain(name, Optional.empty(), List.of(rules));
    }

    static Chain of(String name, List<Rule> rules) {
        return new Chain(name, Optional.empty(), rules);
    }

    /**
     * A place on packets' way.
     *
     * @param type {@code filter} or {@code nat}
     * @param name the kernel's name of the place
     * @param priority the order among the chains there, low ones first
     */
    public record Hook(String type, String name, int priority) {

        /** As nftables writes it. */
        public String text() {
            return "type " + type + " hook " + name + " priority " + priority + ";";
        }
    }
}
