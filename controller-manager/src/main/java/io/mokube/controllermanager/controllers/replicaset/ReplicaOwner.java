package io.mokube.controllermanager.controllers.replicaset;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import java.util.Optional;

/**
 * A kind that wants a number of pods of one template, as the one decision that all such kinds share reads and answers it.
 *
 * @param <O> the kind
 */
interface ReplicaOwner<O extends HasMetadata> {

    Class<O> model();

    /** What the owner says, in the words of a ReplicaSet. */
    ReplicaSet view(O owner);

    /** The owner with this status; empty when it has it. */
    Optional<O> withStatus(O owner, ReplicaSetStatus status);
}
