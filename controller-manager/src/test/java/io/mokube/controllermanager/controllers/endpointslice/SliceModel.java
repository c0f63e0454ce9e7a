package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The slices of a server that carries out every change. */
final class SliceModel {

    private final Map<String, EndpointSlice> slices = new LinkedHashMap<>();
    private int names;
    private int lastWrites;

    List<EndpointSlice> slices() {
        return new ArrayList<>(slices.values());
    }

    /** How many requests the last changes took. */
    int lastWrites() {
        return lastWrites;
    }

    void apply(SliceChanges changes) {
        lastWrites = changes.create().size()
                + changes.update().size()
                + changes.delete().size();
        for (EndpointSlice slice : changes.create()) {
            String name = "slice-" + names++;
            slices.put(
                    name,
                    new EndpointSliceBuilder(slice)
                            .editMetadata()
                            .withName(name)
                            .endMetadata()
                            .build());
        }
        changes.update().forEach(slice -> slices.replace(slice.getMetadata().getName(), slice));
        changes.delete().forEach(slice -> slices.remove(slice.getMetadata().getName()));
    }
}
