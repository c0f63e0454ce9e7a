package io.mokube.proxy.model;

import io.mokube.machinery.address.Family;

/** What nftables calls things. */
public final class Nft {

    private Nft() {}

    /** The name of a family, which is also that of the protocol's header in rules. */
    public static String family(Family family) {
        return switch (family) {
            case IPV4 -> "ip";
            case IPV6 -> "ip6";
        };
    }

    /** The type of a family's addresses. */
    public static String addressType(Family family) {
        return switch (family) {
            case IPV4 -> "ipv4_addr";
            case IPV6 -> "ipv6_addr";
        };
    }
}
