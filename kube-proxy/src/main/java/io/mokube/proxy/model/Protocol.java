package io.mokube.proxy.model;

import java.util.Optional;

/** A transport protocol that services have. */
public enum Protocol {
    TCP("tcp"),
    UDP("udp"),
    SCTP("sctp");

    private final String nftName;

    Protocol(String nftName) {
        this.nftName = nftName;
    }

    /** What nftables and conntrack call it. */
    public String nftName() {
        return nftName;
    }

    /** The protocol that the API names so; nothing for one that services don't have. */
    public static Optional<Protocol> named(String name) {
        return switch (name) {
            case "TCP" -> Optional.of(TCP);
            case "UDP" -> Optional.of(UDP);
            case "SCTP" -> Optional.of(SCTP);
            default -> Optional.empty();
        };
    }
}
