package io.mokube.proxy.policy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.proxy.model.Nft;
import io.mokube.proxy.policy.model.Direction;
import java.util.HashMap;
import java.util.Map;

/** A set or a map. */
public record Container(Kind kind, Map<Key, Verdict> elements) {

    /** Pods of this machine that talk to themselves. */
    static final String SELF = "self";

    /** Pods of this machine. */
    static final String KNOWN = "known";

    /** The ranges of this machine's pods. */
    static final String GUARDED = "guarded";

    /** The interfaces of this machine's pods. */
    static final String LINKS = "links";

    /** What it is filled with. */
    public enum Kind {
        VERDICTS("map", "type ADDRESS : verdict;"),
        ADDRESSES("set", "type ADDRESS;"),
        PAIRS("set", "type ADDRESS . ADDRESS;"),
        RANGES("set", "type ADDRESS; flags interval;"),
        LINKS("set", "type ifname;");

        private final String nftName;
        private final String type;

        Kind(String nftName, String type) {
            this.nftName = nftName;
            this.type = type;
        }

        /** {@code set} or {@code map}. */
        public String nftName() {
            return nftName;
        }

        /** The type of keys and values, as nftables writes it. */
        public String typeOf(Family family) {
            return type.replace("ADDRESS", Nft.addressType(family));
        }
    }

    static Container of(Kind kind) {
        return new Container(kind, new HashMap<>());
    }

    /** The map from this machine's isolated pods to the chains of a direction. */
    static String isolated(Direction direction) {
        return direction == Direction.INGRESS ? "ingress" : "egress";
    }

    void add(Key key) {
        elements.put(key, Verdict.Present.PRESENT);
    }
}
