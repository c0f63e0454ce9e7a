package io.mokube.proxy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;

/** What a map has for a key; an element of a set has {@link Present}. */
public sealed interface ElementValue {

    /** As nftables writes it behind a key, with what stands between them. */
    String text();

    /** The key is in a set. */
    enum Present implements ElementValue {
        PRESENT;

        @Override
        public String text() {
            return "";
        }
    }

    /** The packet goes on in a chain and does not come back. */
    record Goto(String chain) implements ElementValue {
        @Override
        public String text() {
            return " : goto " + chain;
        }
    }

    /** The packet passes through a chain and comes back. */
    record Jump(String chain) implements ElementValue {
        @Override
        public String text() {
            return " : jump " + chain;
        }
    }

    /** The packet is dropped. */
    enum Drop implements ElementValue {
        DROP;

        @Override
        public String text() {
            return " : drop";
        }
    }

    /** Where the connection is sent. */
    record Target(IpAddress address, int port) implements ElementValue {
        @Override
        public String text() {
            return " : " + address + " . " + port;
        }

        /** As it stands behind {@code dnat to}. */
        String destination() {
            return address.family() == Family.IPV6 ? "[" + address + "]:" + port : address + ":" + port;
        }
    }
}
