package io.mokube.apiserver.verbs;

import io.mokube.apiserver.admission.AdmissionChain;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.apiserver.authz.Refusals;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import java.util.List;

/**
 * What the verbs work on.
 *
 * @param store what the objects lie in, for what is no object
 * @param serviceRanges where services get their addresses from: one range, or one of each family, the main one first
 */
public record Backend(
        ResourceRegistry resources,
        WatchCache cache,
        ObjectStore objects,
        KeyValueStore store,
        AdmissionChain admission,
        Authorizer authorizer,
        List<AddressRange> serviceRanges,
        Platform platform) {

    /**
     * Refuses a request that creates what it was allowed to change, when its user may not create it.
     *
     * @throws ApiException 403
     */
    void checkMayCreate(ApiRequest request) {
        Attributes create = request.info().attributes().withVerb("create");
        if (authorizer.authorize(request.user(), create) instanceof Decision.Denied denied) {
            throw Refusals.forbidden(request.user(), create, denied.reason());
        }
    }
}
