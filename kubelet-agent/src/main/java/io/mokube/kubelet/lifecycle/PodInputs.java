package io.mokube.kubelet.lifecycle;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Everything that a decision about a pod looks at, apart from what is remembered.
 *
 * @param pod as last seen at the API server
 * @param wanted whether its object still exists there
 * @param probes what the probes say, by container id
 * @param inProgress the keys of the actions being carried out
 * @param hostAddresses the node's addresses, the primary one first
 */
public record PodInputs(
        Pod pod,
        boolean wanted,
        RuntimeView view,
        Map<String, ProbeVerdict> probes,
        Set<String> inProgress,
        List<String> hostAddresses,
        Instant now) {}
