package io.mokube.proxy.policy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.model.Protocol;
import java.util.Objects;
import java.util.Optional;

/** Follows the first packet of a connection that the node passes on through the tables' chains, as the kernel does. */
final class PolicyTracer {

    private final PolicyRuleSet rules;

    /** A packet, after addresses of services were translated. */
    record Packet(IpAddress source, IpAddress destination, Protocol protocol, int port) {
        Family family() {
            return source.family();
        }

        private IpAddress at(Step.Side side) {
            return side == Step.Side.SOURCE ? source : destination;
        }
    }

    private enum Outcome {
        ACCEPTED,
        DROPPED,
        RETURNED
    }

    PolicyTracer(PolicyRuleSet rules) {
        this.rules = rules;
    }

    /** Whether the packet passes. */
    boolean passes(Packet packet) {
        return rules.table(packet.family())
                .map(table -> table.chains().values().stream()
                        .filter(Chain::forwards)
                        .allMatch(chain -> new Way(table, packet).through(chain) != Outcome.DROPPED))
                .orElse(true);
    }

    private record Way(PolicyTable table, Packet packet) {

        Outcome through(Chain chain) {
            for (Step step : chain.steps()) {
                Optional<Outcome> outcome = take(step);
                if (outcome.isPresent()) {
                    return outcome.get();
                }
            }
            return Outcome.RETURNED;
        }

        /** Nothing when the packet goes on in the same chain. */
        private Optional<Outcome> take(Step step) {
            return switch (step) {
                case Step.Established.ESTABLISHED, Step.Neighbours.NEIGHBOURS -> Optional.empty();
                case Step.ToItself.TO_ITSELF ->
                    packet.source().equals(packet.destination()) && has(Container.SELF, new Key.Itself(packet.source()))
                            ? Optional.of(Outcome.ACCEPTED)
                            : Optional.empty();
                case Step.LinkLocal(var side) ->
                    packet.at(side).text().startsWith("fe80:") && has(Container.LINKS, new Key.Link("bridge"))
                            ? Optional.of(Outcome.DROPPED)
                            : Optional.empty();
                case Step.Unknown(var side) ->
                    container(Container.GUARDED).elements().keySet().stream()
                                            .anyMatch(each -> each instanceof Key.Range(var range)
                                                    && range.contains(packet.at(side)))
                                    && !has(Container.KNOWN, new Key.Address(packet.at(side)))
                            ? Optional.of(Outcome.DROPPED)
                            : Optional.empty();
                case Step.Lookup(var side, String map) ->
                    Optional.ofNullable(container(map).elements().get(new Key.Address(packet.at(side))))
                            .flatMap(this::follow);
                case Step.Blocks(var side, var blocks) ->
                    blocks.stream()
                            .filter(each -> each.range().contains(packet.at(side)))
                            .findFirst()
                            .flatMap(each -> follow(each.verdict()));
                case Step.Ports(var ports) ->
                    ports.contains(packet.protocol(), packet.port()) ? Optional.of(Outcome.RETURNED) : Optional.empty();
                case Step.Drop.DROP -> Optional.of(Outcome.DROPPED);
            };
        }

        private Optional<Outcome> follow(Verdict verdict) {
            return switch (verdict) {
                case Verdict.Return.RETURN -> Optional.of(Outcome.RETURNED);
                case Verdict.Goto(String chain) -> Optional.of(through(chain(chain)));
                case Verdict.Jump(String chain) -> {
                    Outcome outcome = through(chain(chain));
                    yield outcome == Outcome.RETURNED ? Optional.empty() : Optional.of(outcome);
                }
                case Verdict.Present.PRESENT -> throw new AssertionError("a set has no values");
            };
        }

        private boolean has(String set, Key key) {
            return container(set).elements().containsKey(key);
        }

        private Container container(String name) {
            return Objects.requireNonNull(table.containers().get(name), name);
        }

        private Chain chain(String name) {
            return Objects.requireNonNull(table.chains().get(name), name);
        }
    }
}
