package io.mokube.machinery.address;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** An address family. */
public enum Family {
    IPV4("IPv4", 32),
    IPV6("IPv6", 128);

    private final String apiName;
    private final int bits;

    Family(String apiName, int bits) {
        this.apiName = apiName;
        this.bits = bits;
    }

    /** The family of a text that is an address or a range of addresses. */
    public static Family of(String text) {
        return text.indexOf(':') < 0 ? IPV4 : IPV6;
    }

    /** Its name in the API, as in {@code ipFamilies} of services and {@code addressType} of endpoint slices. */
    public String apiName() {
        return apiName;
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
