package io.mokube.machinery.address;

/** An address family. */
public enum Family {
    IPV4(32),
    IPV6(128);

    private final int bits;

    Family(int bits) {
        this.bits = bits;
    }

    /** How many bits an address has. */
    public int bits() {
        return bits;
    }
}
