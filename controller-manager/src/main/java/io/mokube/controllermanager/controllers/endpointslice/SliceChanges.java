package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What to write so that slices become as they should be. Pure.
 *
 * @param create new slices, without names
 * @param update present slices with their new content
 */
record SliceChanges(List<EndpointSlice> create, List<EndpointSlice> update, List<EndpointSlice> delete) {

    static final String SERVICE_NAME = "kubernetes.io/service-name";
    static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";

    /**
     * What all slices of an owner have in common.
     *
     * @param annotations empty when nobody cares
     */
    record Look(HasMetadata owner, Map<String, String> labels, Optional<Map<String, String>> annotations) {

        private boolean fits(EndpointSlice slice) {
            return labels.equals(Ownership.labels(slice))
                    && annotations
                            .filter(wanted -> !wanted.equals(Ownership.annotations(slice)))
                            .isEmpty();
        }

        private ObjectMeta metadata(Optional<EndpointSlice> present) {
            ObjectMetaBuilder metadata = present.map(slice -> new ObjectMetaBuilder(slice.getMetadata()))
                    .orElseGet(() -> new ObjectMetaBuilder()
                            .withNamespace(Ownership.namespace(owner))
                            .withOwnerReferences(Ownership.controllerReference(owner)));
            annotations.ifPresent(metadata::withAnnotations);
            return metadata.withLabels(labels).build();
        }
    }

    /**
     * The difference between slices as they are and as they should be. A slice that nothing should be in takes the
     * content of a new one before it is deleted and another created.
     *
     * @param present the owner's slices
     */
    static SliceChanges between(List<EndpointSlice> present, List<SliceDraft> wanted, Look look) {
        List<EndpointSlice> surplus = new ArrayList<>(present);
        wanted.forEach(draft -> draft.present().ifPresent(surplus::remove));
        List<EndpointSlice> create = new ArrayList<>();
        List<EndpointSlice> update = new ArrayList<>();
        for (SliceDraft draft : wanted) {
            SliceDraft placed = draft.present().isPresent()
                    ? draft
                    : take(surplus, draft.addressType()).map(draft::into).orElse(draft);
            if (placed.present().isEmpty()) {
                create.add(write(placed, look));
            } else if (differs(placed.present().get(), placed, look)) {
                update.add(write(placed, look));
            }
        }
        return new SliceChanges(create, update, surplus);
    }

    private static Optional<EndpointSlice> take(List<EndpointSlice> surplus, String addressType) {
        Optional<EndpointSlice> found = surplus.stream()
                .filter(slice -> slice.getAddressType().equals(addressType))
                .findFirst();
        found.ifPresent(surplus::remove);
        return found;
    }

    private static boolean differs(EndpointSlice slice, SliceDraft draft, Look look) {
        List<Endpoint> present = EndpointFacts.endpoints(slice);
        if (!look.fits(slice)
                || !SlicePort.of(slice).equals(draft.ports())
                || present.size() != draft.endpoints().size()) {
            return true;
        }
        for (int i = 0; i < present.size(); i++) {
            if (!EndpointFacts.same(present.get(i), draft.endpoints().get(i))) {
                return true;
            }
        }
        return false;
    }

    private static EndpointSlice write(SliceDraft draft, Look look) {
        return new EndpointSliceBuilder()
                .withMetadata(look.metadata(draft.present()))
                .withAddressType(draft.addressType())
                .withPorts(draft.ports().stream().map(SlicePort::toModel).toList())
                .withEndpoints(draft.endpoints())
                .build();
    }

    /** The same, with something done to all slices that are written. */
    SliceChanges map(UnaryOperator<EndpointSlice> change) {
        return new SliceChanges(
                create.stream().map(change).toList(),
                update.stream().map(change).toList(),
                delete);
    }

    /** The same, and these slices deleted too. */
    SliceChanges deleting(List<EndpointSlice> more) {
        List<EndpointSlice> all = new ArrayList<>(delete);
        all.addAll(more);
        return new SliceChanges(create, update, all);
    }
}
