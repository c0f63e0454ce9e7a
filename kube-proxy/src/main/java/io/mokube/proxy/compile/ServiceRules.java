package io.mokube.proxy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.model.ServiceFacts;
import java.util.Map;
import java.util.Set;

/**
 * What one service contributes to the rules.
 *
 * @param facts what it was made from
 * @param denied frontends of it that another service has
 * @param parts the contribution to each family's table
 */
record ServiceRules(ServiceFacts facts, Set<ElementKey.Frontend> denied, Map<Family, Part> parts) {

    /**
     * @param own what belongs to the service alone
     * @param shared the shared chains that it needs
     * @param hairpins the endpoints on this node; they may be other services' too
     */
    record Part(Contents own, Set<SharedChain> shared, Set<IpAddress> hairpins) {}
}
