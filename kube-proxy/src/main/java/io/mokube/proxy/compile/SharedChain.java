package io.mokube.proxy.compile;

import io.mokube.machinery.address.Cidr;
import io.mokube.proxy.compile.Rule.Action;
import io.mokube.proxy.compile.Rule.Condition;
import io.mokube.proxy.model.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Chains that all services with as many endpoints share. */
sealed interface SharedChain {

    String name();

    /**
     * @param clusterCidrs the addresses of pods, of the table's family
     */
    Chain chain(List<Cidr> clusterCidrs);

    private static List<Rule> send(Function<Protocol, Container> map, int count) {
        return Stream.of(Protocol.values())
                .map(each -> Rule.when(new Condition.Speaks(each), new Action.SendToChoice(map.apply(each), count)))
                .toList();
    }

    /** Sends a connection to one of that many endpoints. */
    record Pick(int count) implements SharedChain {
        @Override
        public String name() {
            return "pick-" + count;
        }

        @Override
        public Chain chain(List<Cidr> clusterCidrs) {
            return Chain.of(name(), send(Container::endpoints, count));
        }
    }

    /** The same for clients outside the cluster, to whom answers must come back through this node. */
    record Masquerade(int count) implements SharedChain {
        @Override
        public String name() {
            return "masquerade-" + count;
        }

        @Override
        public Chain chain(List<Cidr> clusterCidrs) {
            List<Rule> rules = new ArrayList<>(List.of(Rule.always(Action.Mark.MARK)));
            rules.addAll(send(Container::endpoints, count));
            return Chain.of(name(), rules);
        }
    }

    /**
     * Sends clients outside the cluster to one of the endpoints on this node, with their addresses kept; clients inside get
     * any of the endpoints.
     */
    record Local(int local, int all) implements SharedChain {
        @Override
        public String name() {
            return "local-" + local + "-of-" + all;
        }

        @Override
        public Chain chain(List<Cidr> clusterCidrs) {
            List<Rule> rules = new ArrayList<>(inside(
                    clusterCidrs, new Action.Goto(new Pick(all).name()), new Action.Goto(new Masquerade(all).name())));
            rules.addAll(local == 0 ? List.of(Rule.always(Action.Drop.DROP)) : send(Container::localEndpoints, local));
            return Chain.of(name(), rules);
        }

        static List<Rule> inside(List<Cidr> clusterCidrs, Action pods, Action node) {
            List<Rule> rules = new ArrayList<>();
            if (!clusterCidrs.isEmpty()) {
                rules.add(Rule.when(new Condition.SourceIn(clusterCidrs, true), pods));
            }
            rules.add(Rule.when(Condition.SourceLocal.SOURCE_LOCAL, node));
            return rules;
        }
    }
}
