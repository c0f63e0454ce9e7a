package io.mokube.apiserver.admission;

import io.mokube.apiserver.admission.plugins.DefaultTolerationSeconds;
import io.mokube.apiserver.admission.plugins.LimitRanger;
import io.mokube.apiserver.admission.plugins.NamespaceLifecycle;
import io.mokube.apiserver.admission.plugins.NodeRestriction;
import io.mokube.apiserver.admission.plugins.Priority;
import io.mokube.apiserver.admission.plugins.RbacEscalation;
import io.mokube.apiserver.admission.plugins.ServiceAccount;
import io.mokube.apiserver.authz.Authorizer;
import java.util.List;
import java.util.random.RandomGenerator;

/** The plugins this server runs, in the order they run: Kubernetes' recommended order. */
public final class AdmissionPlugins {

    private AdmissionPlugins() {}

    /**
     * The chain of a server.
     *
     * @param authorizer what some plugins ask whether the user may do more than write
     * @param random for the names of token volumes
     */
    public static AdmissionChain standard(ClusterReader cluster, Authorizer authorizer, RandomGenerator random) {
        return new AdmissionChain(List.of(
                new NamespaceLifecycle(cluster),
                new LimitRanger(cluster),
                new ServiceAccount(cluster, random),
                new NodeRestriction(cluster),
                new Priority(cluster),
                new DefaultTolerationSeconds(),
                new RbacEscalation(cluster, authorizer)));
    }
}
