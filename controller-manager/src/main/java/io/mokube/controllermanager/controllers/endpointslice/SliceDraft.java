package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Optional;

/**
 * A slice as it should be.
 *
 * @param present the slice that becomes this; empty for a new one
 * @param ports in order, each once
 * @param untouched whether the endpoints are exactly the present ones
 */
record SliceDraft(
        Optional<EndpointSlice> present,
        String addressType,
        List<SlicePort> ports,
        List<Endpoint> endpoints,
        boolean untouched) {

    SliceDraft with(List<Endpoint> others) {
        return new SliceDraft(present, addressType, ports, others, untouched);
    }

    /** The same as the content of another slice. */
    SliceDraft into(EndpointSlice slice) {
        return new SliceDraft(Optional.of(slice), addressType, ports, endpoints, false);
    }
}
