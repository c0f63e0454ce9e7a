package io.mokube.apiserver.verbs;

import io.mokube.apiserver.admission.AdmissionChain;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.component.Platform;

/**
 * What the verbs work on.
 *
 * @param serviceRange where services get their addresses from
 */
public record Backend(
        ResourceRegistry resources,
        WatchCache cache,
        ObjectStore objects,
        AdmissionChain admission,
        AddressRange serviceRange,
        Platform platform) {}
