package io.mokube.proxy.policy.compile;

import io.mokube.proxy.model.Protocol;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Ports of some protocols, in one form only.
 *
 * @param everything whether all protocols are in it, also those without ports; then there are no ranges
 * @param ranges in order, none touching another
 */
public record PortSet(boolean everything, List<Range> ranges) {

    static final PortSet EVERYTHING = new PortSet(true, List.of());
    static final PortSet NOTHING = new PortSet(false, List.of());

    /** The longest name of a chain that tells what is in it. */
    private static final int LONGEST_NAME = 80;

    /** Ports of one protocol from one to another, both included. */
    public record Range(Protocol protocol, int first, int last) {

        /** As nftables writes it. */
        String text() {
            return protocol.nftName() + " . " + numbers();
        }

        private String numbers() {
            return first == last ? Integer.toString(first) : first + "-" + last;
        }

        private String name() {
            return protocol.nftName() + "-" + numbers();
        }
    }

    static PortSet of(Protocol protocol, int first, int last) {
        return first > last ? NOTHING : new PortSet(false, List.of(new Range(protocol, first, last)));
    }

    PortSet and(PortSet other) {
        if (everything || other.everything) {
            return EVERYTHING;
        }
        if (ranges.isEmpty() || equals(other)) {
            return other;
        }
        List<Range> sorted = Stream.concat(ranges.stream(), other.ranges.stream())
                .sorted(Comparator.comparing(Range::protocol).thenComparing(Range::first))
                .toList();
        List<Range> merged = new ArrayList<>();
        for (Range next : sorted) {
            Range last = merged.isEmpty() ? null : merged.getLast();
            if (last != null && last.protocol == next.protocol && next.first <= last.last + 1) {
                merged.set(merged.size() - 1, new Range(last.protocol, last.first, Math.max(last.last, next.last)));
            } else {
                merged.add(next);
            }
        }
        return new PortSet(false, List.copyOf(merged));
    }

    boolean isEmpty() {
        return !everything && ranges.isEmpty();
    }

    boolean contains(Protocol protocol, int port) {
        return everything
                || ranges.stream()
                        .anyMatch(each -> each.protocol == protocol && each.first <= port && port <= each.last);
    }

    /** The name of the chain that lets packets to these ports pass. */
    String chain() {
        String all = ranges.stream().map(Range::name).collect(Collectors.joining("."));
        return "ports/" + (all.length() <= LONGEST_NAME ? all : Names.hash(all));
    }
}
