package io.mokube.proxy.model;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import java.util.List;

/**
 * Where the rules work.
 *
 * @param node whose packets they direct
 * @param clusterCidrs the addresses of all pods; empty when unknown, and then nothing is done that depends on them
 * @param sharedHost whether other clusters on this machine have the same range of cluster IPs: then what comes in for a
 *     cluster IP is directed only when it comes from a pod of this cluster
 */
public record Placement(NodeFacts node, List<Cidr> clusterCidrs, boolean sharedHost) {

    public Placement {
        clusterCidrs = List.copyOf(clusterCidrs);
    }

    /** The addresses of pods of one family. */
    public List<Cidr> clusterCidrs(Family family) {
        return clusterCidrs.stream().filter(each -> each.family() == family).toList();
    }
}
