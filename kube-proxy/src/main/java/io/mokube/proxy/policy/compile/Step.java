package io.mokube.proxy.policy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.proxy.model.Nft;
import io.mokube.proxy.policy.model.AddressRange;
import io.mokube.proxy.policy.model.Direction;
import java.util.List;
import java.util.stream.Collectors;

/** One rule of a chain. */
public sealed interface Step {

    /** As nftables writes it. */
    String text(Family family);

    /** One end of a packet's way. */
    enum Side {
        SOURCE("saddr", "iifname"),
        DESTINATION("daddr", "oifname");

        private final String field;
        private final String link;

        Side(String field, String link) {
            this.field = field;
            this.link = link;
        }

        /** Where the pod is whose connections these are. */
        static Side ofPod(Direction direction) {
            return direction == Direction.INGRESS ? DESTINATION : SOURCE;
        }

        /** Where its peer is. */
        static Side ofPeer(Direction direction) {
            return direction == Direction.INGRESS ? SOURCE : DESTINATION;
        }

        private String address(Family family) {
            return Nft.family(family) + " " + field;
        }
    }

    /** What belongs to a connection that began passes: only its first packet is asked. */
    enum Established implements Step {
        ESTABLISHED;

        @Override
        public String text(Family family) {
            return "ct state established,related accept";
        }
    }

    /** What IPv6 finds neighbours, routers and groups by, which is ARP's part in IPv4. */
    enum Neighbours implements Step {
        NEIGHBOURS;

        @Override
        public String text(Family family) {
            return "icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, nd-router-solicit,"
                    + " nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report } accept";
        }
    }

    /** What a pod sends to itself passes. */
    enum ToItself implements Step {
        TO_ITSELF;

        @Override
        public String text(Family family) {
            return Nft.family(family) + " saddr . " + Nft.family(family) + " daddr @" + Container.SELF + " accept";
        }
    }

    /** Addresses that every interface has by itself and no pod is known by are not for going around policies. */
    record LinkLocal(Side side) implements Step {
        @Override
        public String text(Family family) {
            return side.link + " @" + Container.LINKS + " " + side.address(family) + " fe80::/10 drop";
        }
    }

    /** An address of this node's range whose pod is not known yet has no connections yet. */
    record Unknown(Side side) implements Step {
        @Override
        public String text(Family family) {
            String address = side.address(family);
            return address + " @" + Container.GUARDED + " " + address + " != @" + Container.KNOWN + " drop";
        }
    }

    /** Does what a map has for an address, and goes on when it has nothing. */
    record Lookup(Side side, String map) implements Step {
        @Override
        public String text(Family family) {
            return side.address(family) + " vmap @" + map;
        }
    }

    /** Does what there is for the range that an address is in, and goes on when there is nothing. */
    record Blocks(Side side, List<Block> blocks) implements Step {

        public Blocks {
            blocks = List.copyOf(blocks);
        }

        @Override
        public String text(Family family) {
            if (blocks.size() == 1 && blocks.getFirst().range().equals(AddressRange.all(family))) {
                return blocks.getFirst().verdict().text();
            }
            return side.address(family) + " vmap "
                    + blocks.stream()
                            .map(each ->
                                    each.range().text() + " : " + each.verdict().text())
                            .collect(Collectors.joining(", ", "{ ", " }"));
        }
    }

    /** A range of addresses and what becomes of them. */
    record Block(AddressRange range, Verdict verdict) {}

    /** What goes to one of these ports may pass, as far as this direction goes. */
    record Ports(PortSet ports) implements Step {
        @Override
        public String text(Family family) {
            return "meta l4proto . th dport "
                    + ports.ranges().stream().map(PortSet.Range::text).collect(Collectors.joining(", ", "{ ", " }"))
                    + " return";
        }
    }

    /** Nothing passes. */
    enum Drop implements Step {
        DROP;

        @Override
        public String text(Family family) {
            return "drop";
        }
    }
}
