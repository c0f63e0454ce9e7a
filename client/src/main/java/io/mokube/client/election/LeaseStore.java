package io.mokube.client.election;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.names.ObjectKey;
import java.util.Optional;

/** Where electors meet: one Lease, written with optimistic concurrency. */
interface LeaseStore {

    Optional<Lease> get();

    /** Throws when the Lease exists already. */
    Lease create(Lease lease);

    /** Throws when the Lease is no longer at the resourceVersion given. */
    Lease update(Lease lease);

    /** The Lease on an API server. */
    static LeaseStore of(ApiClient client, ObjectKey key) {
        ResourceClient<Lease> leases = client.resource(Lease.class);
        return new LeaseStore() {
            @Override
            public Optional<Lease> get() {
                return leases.get(key);
            }

            @Override
            public Lease create(Lease lease) {
                return leases.create(lease);
            }

            @Override
            public Lease update(Lease lease) {
                return leases.update(lease);
            }
        };
    }
}
