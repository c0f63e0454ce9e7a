package io.mokube.apiserver.admission;

import io.mokube.apiserver.admission.plugins.CertificateSigners;
import io.mokube.apiserver.admission.plugins.DefaultIngressClass;
import io.mokube.apiserver.admission.plugins.DefaultStorageClass;
import io.mokube.apiserver.admission.plugins.DefaultTolerationSeconds;
import io.mokube.apiserver.admission.plugins.LimitRanger;
import io.mokube.apiserver.admission.plugins.NamespaceLifecycle;
import io.mokube.apiserver.admission.plugins.NodeRestriction;
import io.mokube.apiserver.admission.plugins.PodSecurity;
import io.mokube.apiserver.admission.plugins.Priority;
import io.mokube.apiserver.admission.plugins.RbacEscalation;
import io.mokube.apiserver.admission.plugins.RuntimeClass;
import io.mokube.apiserver.admission.plugins.ServiceAccount;
import io.mokube.apiserver.admission.policies.MutatingPolicies;
import io.mokube.apiserver.admission.policies.PolicyBindings;
import io.mokube.apiserver.admission.policies.ValidatingPolicies;
import io.mokube.apiserver.admission.quota.ResourceQuota;
import io.mokube.apiserver.admission.webhooks.MutatingWebhooks;
import io.mokube.apiserver.admission.webhooks.ValidatingWebhooks;
import io.mokube.apiserver.admission.webhooks.WebhookCalls;
import io.mokube.apiserver.admission.webhooks.WebhookConfigurations;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.GroupVersionKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** The plugins this server runs, in the order they run: Kubernetes' recommended order. */
public final class AdmissionPlugins {

    private AdmissionPlugins() {}

    /**
     * The chain of a server without webhooks and quotas.
     *
     * @param authorizer what some plugins ask whether the user may do more than write
     * @param random for the names of token volumes
     */
    public static AdmissionChain standard(ClusterReader cluster, Authorizer authorizer, RandomGenerator random) {
        return new AdmissionChain(builtIn(cluster, authorizer, random));
    }

    /**
     * The chain of a server.
     *
     * @param writer charges quotas
     * @param authorizer what some plugins ask whether the user may do more than write
     * @param platform its randomness gives the names of token volumes
     * @param mutatingPolicies the policies that may change a write, before all webhooks
     * @param policies the policies that may refuse it
     * @param resources finds the resource of a kind
     * @param mutating the webhooks that may change a write, after all plugins
     * @param validating the webhooks that may refuse it, after all plugins
     */
    public static AdmissionChain standard(
            ClusterReader cluster,
            ClusterWriter writer,
            Authorizer authorizer,
            Platform platform,
            PolicyBindings mutatingPolicies,
            PolicyBindings policies,
            Function<GroupVersionKind, Optional<ResourceDefinition>> resources,
            WebhookConfigurations mutating,
            WebhookConfigurations validating,
            WebhookCalls webhooks) {
        List<AdmissionPlugin> builtIn = builtIn(cluster, authorizer, platform.random());
        List<AdmissionPlugin> plugins = new ArrayList<>(builtIn);
        MutatingPolicies changing = new MutatingPolicies(mutatingPolicies, cluster, authorizer, resources);
        plugins.add(changing);
        List<AdmissionPlugin> completing = new ArrayList<>(builtIn);
        completing.add(changing.again());
        plugins.add(new MutatingWebhooks(mutating, webhooks, completing));
        plugins.add(new ValidatingPolicies(policies, cluster, authorizer, resources));
        plugins.add(new ValidatingWebhooks(validating, webhooks));
        plugins.add(new ResourceQuota(cluster, writer, platform.clock()));
        return new AdmissionChain(plugins);
    }

    private static List<AdmissionPlugin> builtIn(ClusterReader cluster, Authorizer authorizer, RandomGenerator random) {
        return List.of(
                new NamespaceLifecycle(cluster),
                new LimitRanger(cluster),
                new ServiceAccount(cluster, random),
                new NodeRestriction(cluster),
                new PodSecurity(cluster),
                new Priority(cluster),
                new DefaultTolerationSeconds(),
                new DefaultStorageClass(cluster),
                new RuntimeClass(cluster),
                new CertificateSigners(authorizer),
                new DefaultIngressClass(cluster),
                new RbacEscalation(cluster, authorizer));
    }
}
