package io.mokube.proxy.compile;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.proxy.model.Nft;
import io.mokube.proxy.model.Protocol;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One rule of a chain: the action is taken on packets that meet every condition.
 */
public record Rule(List<Condition> conditions, Action action) {

    /** The bit of a packet's mark that asks for its source to be masqueraded; kube-proxy's default. */
    public static final int MASQUERADE_MARK = 0x4000;

    public Rule {
        conditions = List.copyOf(conditions);
    }

    static Rule always(Action action) {
        return new Rule(List.of(), action);
    }

    static Rule when(Condition condition, Action action) {
        return new Rule(List.of(condition), action);
    }

    static Rule when(Condition condition, Condition other, Action action) {
        return new Rule(List.of(condition, other), action);
    }

    /** As nftables writes it. */
    public String text(Family family) {
        return conditions.stream()
                .map(each -> each.text(family) + " ")
                .collect(Collectors.joining("", "", action.text(family)));
    }

    /** What a packet must be like. */
    public sealed interface Condition {

        String text(Family family);

        /** It begins a connection. */
        enum NewConnection implements Condition {
            NEW_CONNECTION;

            @Override
            public String text(Family family) {
                return "ct state new";
            }
        }

        /** It comes from one of these addresses, or from none of them. */
        record SourceIn(List<Cidr> ranges, boolean within) implements Condition {
            public SourceIn {
                ranges = List.copyOf(ranges);
            }

            @Override
            public String text(Family family) {
                String all = ranges.stream().map(Cidr::toString).collect(Collectors.joining(", "));
                return Nft.family(family) + " saddr " + (within ? "" : "!= ")
                        + (ranges.size() == 1 ? all : "{ " + all + " }");
            }
        }

        /** It comes from a client that an endpoint remembers. */
        record SourceRemembered(String set) implements Condition {
            @Override
            public String text(Family family) {
                return Nft.family(family) + " saddr @" + set;
            }
        }

        /** It comes from an address of this machine. */
        enum SourceLocal implements Condition {
            SOURCE_LOCAL;

            @Override
            public String text(Family family) {
                return "fib saddr type local";
            }
        }

        /** It goes to a cluster IP. */
        enum ToClusterIp implements Condition {
            TO_CLUSTER_IP;

            @Override
            public String text(Family family) {
                return Nft.family(family) + " daddr @" + Container.CLUSTER_IPS.nftName();
            }
        }

        /** A pod of this node sends it to itself. */
        enum IsHairpin implements Condition {
            IS_HAIRPIN;

            @Override
            public String text(Family family) {
                return Nft.family(family) + " saddr . " + Nft.family(family) + " daddr @" + Container.HAIRPIN.nftName();
            }
        }

        /** Its source is to be masqueraded. */
        enum Marked implements Condition {
            MARKED;

            @Override
            public String text(Family family) {
                return "meta mark & " + hexadecimal(MASQUERADE_MARK) + " == " + hexadecimal(MASQUERADE_MARK);
            }
        }

        /** It is of this protocol. */
        record Speaks(Protocol protocol) implements Condition {
            @Override
            public String text(Family family) {
                return "meta l4proto " + protocol.nftName();
            }
        }
    }

    /** What is done with a packet. */
    public sealed interface Action {

        String text(Family family);

        /** Does what the map has for the packet's frontend, and goes on when it has nothing. */
        record Lookup(Container map) implements Action {
            @Override
            public String text(Family family) {
                return frontend(family) + " vmap @" + map.nftName();
            }
        }

        /** Draws one of the first {@code count} endpoints behind the packet's frontend and does what the map has for it. */
        record Choose(Container map, int count) implements Action {
            @Override
            public String text(Family family) {
                return frontend(family) + " . numgen random mod " + count + " vmap @" + map.nftName();
            }
        }

        /** Draws one of the first {@code count} endpoints behind the packet's frontend and sends the connection there. */
        record SendToChoice(Container map, int count) implements Action {
            @Override
            public String text(Family family) {
                return "dnat " + Nft.family(family) + " to " + frontend(family) + " . numgen random mod " + count
                        + " map @" + map.nftName();
            }
        }

        /** Sends the connection to an endpoint. */
        record SendTo(ElementValue.Target target) implements Action {
            @Override
            public String text(Family family) {
                return "dnat to " + target.destination();
            }
        }

        /** Remembers the client in a set, for a while after it was last seen beginning a connection. */
        record Remember(String set, Duration time) implements Action {
            @Override
            public String text(Family family) {
                return "update @" + set + " { " + Nft.family(family) + " saddr timeout " + time.toSeconds() + "s }";
            }
        }

        /** Asks for masquerading, and goes on. */
        enum Mark implements Action {
            MARK;

            @Override
            public String text(Family family) {
                return "meta mark set meta mark | " + hexadecimal(MASQUERADE_MARK);
            }
        }

        /** Gives the connection an address of this machine as its source. */
        enum Masquerade implements Action {
            MASQUERADE;

            @Override
            public String text(Family family) {
                return "meta mark set meta mark & " + hexadecimal(~MASQUERADE_MARK) + " masquerade fully-random";
            }
        }

        /** Goes through a chain and comes back. */
        record Jump(String chain) implements Action {
            @Override
            public String text(Family family) {
                return "jump " + chain;
            }
        }

        /** Goes on in a chain and does not come back. */
        record Goto(String chain) implements Action {
            @Override
            public String text(Family family) {
                return "goto " + chain;
            }
        }

        /** Ends the table's part of the packet's way here. */
        enum Accept implements Action {
            ACCEPT;

            @Override
            public String text(Family family) {
                return "accept";
            }
        }

        /** Drops the packet. */
        enum Drop implements Action {
            DROP;

            @Override
            public String text(Family family) {
                return "drop";
            }
        }

        /** Tells the sender that nobody listens. */
        enum Reject implements Action {
            WITH_RESET("reject with tcp reset"),
            UNREACHABLE("reject");

            private final String text;

            Reject(String text) {
                this.text = text;
            }

            @Override
            public String text(Family family) {
                return text;
            }
        }

        private static String frontend(Family family) {
            return Nft.family(family) + " daddr . meta l4proto . th dport";
        }
    }

    private static String hexadecimal(int bits) {
        return "0x" + Integer.toHexString(bits);
    }
}
