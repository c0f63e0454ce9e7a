package io.mokube.proxy.model;

import java.util.List;
import java.util.function.Predicate;

/**
 * The endpoints that packets may be sent to from a node, chosen as kube-proxy does: ready ones, near ones where every
 * endpoint says whom it is for, and those that serve to their end when nothing is ready.
 *
 * @param cluster for traffic that may go to any node
 * @param local for traffic that must stay on the node
 * @param anywhere whether there is an endpoint to use on any node at all
 */
public record Usable(List<Endpoint> cluster, List<Endpoint> local, boolean anywhere) {

    /** Chooses from all endpoints of a port. */
    public static Usable of(List<Endpoint> endpoints, NodeFacts node) {
        List<Endpoint> ready = filter(endpoints, Endpoint::ready);
        List<Endpoint> cluster = ready.isEmpty() ? filter(endpoints, Endpoint::servesToTheEnd) : near(ready, node);
        List<Endpoint> localReady = filter(ready, node::has);
        List<Endpoint> local =
                localReady.isEmpty() ? filter(endpoints, each -> each.servesToTheEnd() && node.has(each)) : localReady;
        return new Usable(cluster, local, !cluster.isEmpty());
    }

    /** Hints count only when every endpoint has one and some endpoint is meant for here. */
    private static List<Endpoint> near(List<Endpoint> ready, NodeFacts node) {
        if (ready.stream().noneMatch(each -> each.nodeHints().isEmpty())) {
            List<Endpoint> sameNode = filter(ready, each -> node.hasSomeOf(each.nodeHints()));
            if (!sameNode.isEmpty()) {
                return sameNode;
            }
        }
        if (ready.stream().noneMatch(each -> each.zoneHints().isEmpty())) {
            List<Endpoint> sameZone = filter(ready, each -> node.isInSomeOf(each.zoneHints()));
            if (!sameZone.isEmpty()) {
                return sameZone;
            }
        }
        return ready;
    }

    private static List<Endpoint> filter(List<Endpoint> endpoints, Predicate<Endpoint> wanted) {
        return endpoints.stream().filter(wanted).toList();
    }
}
