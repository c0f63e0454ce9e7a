package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.controllermanager.controllers.endpointslice.EndpointFacts.Identity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Distributes endpoints of one address type and one set of ports over slices so that few slices change, because every
 * change of a slice goes to every node. Endpoints stay where they are; new ones go into slices that change anyway, then
 * into the fullest slice that takes all the rest, then into new slices. Half-empty slices are not merged. Pure.
 */
final class SlicePacking {

    private final String addressType;
    private final List<SlicePort> ports;
    private final int most;
    private final Map<Identity, Endpoint> missing = new LinkedHashMap<>();
    private final List<Bin> bins = new ArrayList<>();

    private static final class Bin {
        private final Optional<EndpointSlice> slice;
        private final List<Endpoint> endpoints = new ArrayList<>();
        private boolean touched;

        Bin(Optional<EndpointSlice> slice) {
            this.slice = slice;
        }

        int size() {
            return endpoints.size();
        }

        String name() {
            return slice.map(each -> each.getMetadata().getName()).orElse("");
        }
    }

    private SlicePacking(String addressType, List<SlicePort> ports, Collection<Endpoint> wanted, int most) {
        this.addressType = addressType;
        this.ports = ports;
        this.most = most;
        wanted.forEach(endpoint -> missing.putIfAbsent(Identity.of(endpoint), endpoint));
    }

    /**
     * Packs endpoints. What keeps its slice untouched keeps its hints; all others come without.
     *
     * @param present the slices of this address type and these ports
     * @param most endpoints in one slice
     * @return the slices there should be, each with at least one endpoint
     */
    static List<SliceDraft> pack(
            String addressType,
            List<SlicePort> ports,
            List<EndpointSlice> present,
            Collection<Endpoint> wanted,
            int most) {
        SlicePacking packing = new SlicePacking(addressType, ports, wanted, most);
        packing.keep(present);
        packing.fillTouched();
        packing.placeRest();
        return packing.drafts();
    }

    private void keep(List<EndpointSlice> present) {
        present.stream()
                .sorted(Comparator.comparing(slice -> slice.getMetadata().getName()))
                .forEach(this::keep);
    }

    private void keep(EndpointSlice slice) {
        Bin bin = new Bin(Optional.of(slice));
        for (Endpoint endpoint : EndpointFacts.endpoints(slice)) {
            Identity identity = Identity.of(endpoint);
            if (!missing.containsKey(identity) || bin.size() == most) {
                bin.touched = true;
                continue;
            }
            Endpoint now = missing.remove(identity);
            boolean same = EndpointFacts.sameWithoutHints(now, endpoint);
            bin.touched |= !same;
            bin.endpoints.add(same ? endpoint : now);
        }
        if (!bin.endpoints.isEmpty()) {
            bins.add(bin);
        }
    }

    private void fillTouched() {
        bins.stream()
                .filter(bin -> bin.touched)
                .sorted(Comparator.comparingInt(Bin::size).reversed().thenComparing(Bin::name))
                .forEach(this::fill);
    }

    private void placeRest() {
        while (!missing.isEmpty()) {
            Bin bin = bins.stream()
                    .filter(each -> !each.touched && each.size() + missing.size() <= most)
                    .max(Comparator.comparingInt(Bin::size).thenComparing(Bin::name))
                    .orElseGet(() -> {
                        Bin added = new Bin(Optional.empty());
                        bins.add(added);
                        return added;
                    });
            bin.touched = true;
            fill(bin);
        }
    }

    private void fill(Bin bin) {
        Iterator<Endpoint> rest = missing.values().iterator();
        while (rest.hasNext() && bin.size() < most) {
            bin.endpoints.add(rest.next());
            rest.remove();
        }
    }

    private List<SliceDraft> drafts() {
        return bins.stream()
                .map(bin -> new SliceDraft(
                        bin.slice,
                        addressType,
                        ports,
                        bin.touched
                                ? bin.endpoints.stream()
                                        .map(TrafficHints::without)
                                        .toList()
                                : List.copyOf(bin.endpoints),
                        !bin.touched))
                .toList();
    }
}
