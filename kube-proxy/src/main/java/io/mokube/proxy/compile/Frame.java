package io.mokube.proxy.compile;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.proxy.compile.Chain.Hook;
import io.mokube.proxy.compile.Rule.Action;
import io.mokube.proxy.compile.Rule.Condition;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The chains that are there whatever services there are.
 *
 * <p>A new connection is looked at three times before its destination is routed to: who may not pass and what has no
 * endpoints, before addresses are translated; the translation; and what still goes to a cluster IP afterwards, which is a
 * port that the service does not have. Packets that come in and packets of this machine's own processes go the same way.
 */
final class Frame {

    /** A table without a chain of this name was made by a release whose frame or types were others. */
    static final String LAYOUT = "layout-1";

    static final String REFUSE = "refuse";

    private static final String CHECKS = "checks";
    private static final String SERVICES = "services";
    private static final int BEFORE_TRANSLATION = -110;
    private static final int TRANSLATION = -100;
    private static final int AFTER_TRANSLATION = -90;
    private static final int SOURCE_TRANSLATION = 100;

    private Frame() {}

    static Contents of(Family family, Placement placement) {
        List<Cidr> pods = placement.clusterCidrs(family);
        List<Rule> guard = placement.sharedHost() && !pods.isEmpty()
                ? List.of(Rule.when(
                        new Condition.SourceIn(pods, false), Condition.ToClusterIp.TO_CLUSTER_IP, Action.Accept.ACCEPT))
                : List.of();
        Rule checks = Rule.when(Condition.NewConnection.NEW_CONNECTION, new Action.Jump(CHECKS));
        Rule services = Rule.always(new Action.Jump(SERVICES));
        Rule unknownPort = Rule.when(
                Condition.NewConnection.NEW_CONNECTION, Condition.ToClusterIp.TO_CLUSTER_IP, new Action.Goto(REFUSE));

        Contents frame = Contents.empty();
        frame.add(Chain.of(LAYOUT));
        frame.add(base("filter-prerouting", "filter", "prerouting", BEFORE_TRANSLATION, with(guard, checks)));
        frame.add(base("filter-output", "filter", "output", BEFORE_TRANSLATION, List.of(checks)));
        frame.add(Chain.of(
                CHECKS,
                Rule.always(new Action.Lookup(Container.FIREWALL)),
                Rule.always(new Action.Lookup(Container.NO_ENDPOINTS))));
        frame.add(base("nat-prerouting", "nat", "prerouting", TRANSLATION, with(guard, services)));
        frame.add(base("nat-output", "nat", "output", TRANSLATION, List.of(services)));
        frame.add(Chain.of(SERVICES, services(pods)));
        frame.add(base("unknown-port-prerouting", "filter", "prerouting", AFTER_TRANSLATION, with(guard, unknownPort)));
        frame.add(base("unknown-port-output", "filter", "output", AFTER_TRANSLATION, List.of(unknownPort)));
        frame.add(base(
                "nat-postrouting",
                "nat",
                "postrouting",
                SOURCE_TRANSLATION,
                List.of(
                        Rule.when(Condition.Marked.MARKED, Action.Masquerade.MASQUERADE),
                        Rule.when(Condition.IsHairpin.IS_HAIRPIN, Action.Masquerade.MASQUERADE))));
        // A reset is never held back by the kernel's limit on ICMP messages.
        frame.add(Chain.of(
                REFUSE,
                Rule.when(new Condition.Speaks(Protocol.TCP), Action.Reject.WITH_RESET),
                Rule.always(Action.Reject.UNREACHABLE)));
        return frame;
    }

    /** Who reaches a cluster IP from outside the cluster gets its answers through this node. */
    private static List<Rule> services(List<Cidr> pods) {
        Rule lookup = Rule.always(new Action.Lookup(Container.SERVICES));
        return pods.isEmpty()
                ? List.of(lookup)
                : List.of(
                        Rule.when(
                                new Condition.SourceIn(pods, false),
                                Condition.ToClusterIp.TO_CLUSTER_IP,
                                Action.Mark.MARK),
                        lookup);
    }

    private static Chain base(String name, String type, String hook, int priority, List<Rule> rules) {
        return new Chain(name, Optional.of(new Hook(type, hook, priority)), rules);
    }

    private static List<Rule> with(List<Rule> first, Rule last) {
        List<Rule> rules = new ArrayList<>(first);
        rules.add(last);
        return rules;
    }
}
