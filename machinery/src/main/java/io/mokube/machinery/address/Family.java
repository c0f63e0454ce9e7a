package io.mokube.machinery.address;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

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

    /**
     * Whether no two of some things are of one family.
     *
     * @param family tells one family from the other, in whatever form
     */
    public static <T> boolean differ(List<T> things, Function<T, ?> family) {
        Set<Object> seen = new HashSet<>();
        return things.stream().allMatch(thing -> seen.add(family.apply(thing)));
    }
}
