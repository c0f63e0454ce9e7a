package io.mokube.proxy.compile;

import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.model.Protocol;

/** What an element of a set or map is found by. */
public sealed interface ElementKey {

    /** As nftables writes it. */
    String text();

    /** An address, protocol and port that clients connect to. */
    record Frontend(IpAddress address, Protocol protocol, int port) implements ElementKey {
        @Override
        public String text() {
            return address + " . " + protocol.nftName() + " . " + port;
        }
    }

    /** One of the endpoints behind a frontend, counted from 0. */
    record Choice(Frontend frontend, int index) implements ElementKey {
        @Override
        public String text() {
            return frontend.text() + " . " + index;
        }
    }

    /** An address. */
    record Single(IpAddress address) implements ElementKey {
        @Override
        public String text() {
            return address.text();
        }
    }

    /** An address that talks to itself. */
    record Hairpin(IpAddress address) implements ElementKey {
        @Override
        public String text() {
            return address + " . " + address;
        }
    }
}
