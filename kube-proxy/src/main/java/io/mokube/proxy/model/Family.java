package io.mokube.proxy.model;

/** An address family. */
public enum Family {
    IPV4("ip", "ipv4_addr"),
    IPV6("ip6", "ipv6_addr");

    private final String nftName;
    private final String addressType;

    Family(String nftName, String addressType) {
        this.nftName = nftName;
        this.addressType = addressType;
    }

    /** What nftables calls the family, and the protocol's header in rules. */
    public String nftName() {
        return nftName;
    }

    /** What nftables calls the type of its addresses. */
    public String addressType() {
        return addressType;
    }
}
