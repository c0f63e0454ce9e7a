package io.mokube.proxy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.compile.Chain.Hook;
import io.mokube.proxy.compile.ElementKey.Choice;
import io.mokube.proxy.compile.ElementKey.Frontend;
import io.mokube.proxy.compile.Rule.Action;
import io.mokube.proxy.compile.Rule.Condition;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/**
 * Follows the first packet of a connection through the tables' chains, as the kernel does, and says what becomes of it.
 * Endpoints remember clients from one packet to the next.
 */
final class PacketTracer {

    private final Contents table;
    private final Placement placement;
    private final Map<String, Set<IpAddress>> remembered = new HashMap<>();

    /**
     * @param fromNode whether a process of the node sends it; otherwise it comes in from a pod or from outside
     */
    record Packet(IpAddress source, Protocol protocol, IpAddress destination, int port, boolean fromNode) {}

    /** What becomes of a packet. */
    sealed interface Outcome {
        /** It goes there, from its own address or from the node's. */
        record Sent(IpAddress address, int port, boolean masqueraded) implements Outcome {}

        record Rejected() implements Outcome {}

        record Dropped() implements Outcome {}
    }

    private enum Verdict {
        CONTINUE,
        ACCEPT,
        DROP,
        REJECT
    }

    PacketTracer(RuleSet rules, Family family) {
        table = rules.table(family);
        placement = rules.placement();
    }

    /**
     * @param draw the random number that is drawn below a limit
     */
    Outcome trace(Packet packet, IntUnaryOperator draw) {
        Way way = new Way(packet, draw);
        for (String hook : List.of(packet.fromNode() ? "output" : "prerouting", "postrouting")) {
            for (Chain chain : base(hook)) {
                switch (way.through(chain)) {
                    case DROP -> {
                        return new Outcome.Dropped();
                    }
                    case REJECT -> {
                        return new Outcome.Rejected();
                    }
                    case CONTINUE, ACCEPT -> {}
                }
            }
        }
        return new Outcome.Sent(way.destination, way.port, way.masqueraded);
    }

    private List<Chain> base(String hook) {
        return table.chains().values().stream()
                .flatMap(Optional::stream)
                .filter(chain ->
                        chain.hook().map(Hook::name).filter(hook::equals).isPresent())
                .sorted(Comparator.comparingInt(
                        chain -> chain.hook().orElseThrow().priority()))
                .toList();
    }

    private final class Way {
        private final Packet packet;
        private final IntUnaryOperator draw;
        private IpAddress destination;
        private int port;
        private boolean marked;
        private boolean masqueraded;

        /** Set when a map's verdict left the chain for good. */
        private boolean left;

        Way(Packet packet, IntUnaryOperator draw) {
            this.packet = packet;
            this.draw = draw;
            destination = packet.destination();
            port = packet.port();
        }

        private Verdict through(String chain) {
            return through(
                    Objects.requireNonNull(table.chains().get(chain), chain).orElseThrow());
        }

        private Verdict through(Chain chain) {
            for (Rule rule : chain.rules()) {
                if (rule.conditions().stream().allMatch(this::meets)) {
                    boolean last = rule.action() instanceof Action.Goto;
                    Verdict verdict = act(rule.action());
                    if (last || verdict != Verdict.CONTINUE) {
                        return verdict;
                    }
                    if (left) {
                        left = false;
                        return verdict;
                    }
                }
            }
            return Verdict.CONTINUE;
        }

        private boolean meets(Condition condition) {
            return switch (condition) {
                case Condition.NewConnection.NEW_CONNECTION -> true;
                case Condition.SourceIn(var ranges, boolean within) ->
                    ranges.stream().anyMatch(each -> each.contains(packet.source())) == within;
                case Condition.SourceRemembered(String set) -> {
                    if (!table.affinitySets().contains(set)) {
                        throw new AssertionError("no set " + set);
                    }
                    yield remembered.getOrDefault(set, Set.of()).contains(packet.source());
                }
                case Condition.SourceLocal.SOURCE_LOCAL ->
                    placement.node().addresses().contains(packet.source());
                case Condition.ToClusterIp.TO_CLUSTER_IP ->
                    element(Container.CLUSTER_IPS, new ElementKey.Single(destination))
                            .isPresent();
                case Condition.IsHairpin.IS_HAIRPIN ->
                    packet.source().equals(destination)
                            && element(Container.HAIRPIN, new ElementKey.Hairpin(destination))
                                    .isPresent();
                case Condition.Marked.MARKED -> marked;
                case Condition.Speaks(Protocol protocol) -> packet.protocol() == protocol;
            };
        }

        private Optional<ElementValue> element(Container container, ElementKey key) {
            return Optional.ofNullable(table.elements().get(new Contents.Slot(container, key)));
        }

        private Choice draw(int count) {
            return new Choice(new Frontend(destination, packet.protocol(), port), draw.applyAsInt(count));
        }

        private Verdict act(Action action) {
            return switch (action) {
                case Action.Lookup(Container map) ->
                    element(map, new Frontend(destination, packet.protocol(), port))
                            .map(this::follow)
                            .orElse(Verdict.CONTINUE);
                case Action.Choose(Container map, int count) ->
                    element(map, draw(count)).map(this::follow).orElse(Verdict.CONTINUE);
                case Action.SendToChoice(Container map, int count) ->
                    element(map, draw(count)).map(this::follow).orElse(Verdict.CONTINUE);
                case Action.SendTo(ElementValue.Target target) -> follow(target);
                case Action.Remember(String set, var _) -> {
                    remembered.computeIfAbsent(set, any -> new HashSet<>()).add(packet.source());
                    yield Verdict.CONTINUE;
                }
                case Action.Mark.MARK -> {
                    marked = true;
                    yield Verdict.CONTINUE;
                }
                case Action.Masquerade.MASQUERADE -> {
                    masqueraded = true;
                    yield Verdict.ACCEPT;
                }
                case Action.Jump(String chain) -> through(chain);
                case Action.Goto(String chain) -> through(chain);
                case Action.Accept.ACCEPT -> Verdict.ACCEPT;
                case Action.Drop.DROP -> Verdict.DROP;
                case Action.Reject reject -> {
                    if (reject == Action.Reject.WITH_RESET && packet.protocol() != Protocol.TCP) {
                        throw new AssertionError("a reset for " + packet);
                    }
                    yield Verdict.REJECT;
                }
            };
        }

        private Verdict follow(ElementValue value) {
            return switch (value) {
                case ElementValue.Goto(String chain) -> {
                    Verdict verdict = through(chain);
                    left = verdict == Verdict.CONTINUE;
                    yield verdict;
                }
                case ElementValue.Jump(String chain) -> through(chain);
                case ElementValue.Drop.DROP -> Verdict.DROP;
                case ElementValue.Target(IpAddress address, int targetPort) -> {
                    destination = address;
                    port = targetPort;
                    yield Verdict.ACCEPT;
                }
                case ElementValue.Present.PRESENT -> throw new AssertionError("a set has no values");
            };
        }
    }
}
