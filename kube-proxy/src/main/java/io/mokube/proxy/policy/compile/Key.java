package io.mokube.proxy.policy.compile;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;

/** What an element of a set or map is found by. */
public sealed interface Key {

    /** As nftables writes it. */
    String text();

    record Address(IpAddress address) implements Key {
        @Override
        public String text() {
            return address.text();
        }
    }

    /** A packet from an address to itself. */
    record Itself(IpAddress address) implements Key {
        @Override
        public String text() {
            return address + " . " + address;
        }
    }

    record Range(Cidr range) implements Key {
        @Override
        public String text() {
            return range.toString();
        }
    }

    /** A network interface. */
    record Link(String name) implements Key {
        @Override
        public String text() {
            return '"' + name + '"';
        }
    }
}
