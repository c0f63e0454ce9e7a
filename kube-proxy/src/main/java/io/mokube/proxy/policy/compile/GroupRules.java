package io.mokube.proxy.policy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.proxy.policy.model.AlikePods;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The rules of a group.
 *
 * @param inputs the pods that they were made of; as long as these are the same objects, so are the rules
 */
record GroupRules(List<AlikePods> inputs, Map<Family, Part> parts) {

    Part part(Family family) {
        return Objects.requireNonNull(parts.get(family));
    }

    /** A family's part. The chains of the port sets are shared with other groups and not in the table. */
    record Part(PolicyTable own, Set<PortSet> ports) {}
}
