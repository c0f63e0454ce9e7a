package io.mokube.apiserver.verbs;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.net.InetAddress;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The objects every cluster begins with. What is there is left as it is. */
public final class Bootstrap {

    private static final GroupResource CLASSES = new GroupResource("scheduling.k8s.io", "priorityclasses");

    private static final GroupResource SERVICE_CIDRS = new GroupResource("networking.k8s.io", "servicecidrs");

    private static final GroupResource INGRESS_CLASSES = new GroupResource("networking.k8s.io", "ingressclasses");

    private static final Map<String, Long> PRIORITY_CLASSES =
            Map.of("system-cluster-critical", 2_000_000_000L, "system-node-critical", 2_000_001_000L);

    private static final List<String> NAMESPACES = List.of("kube-system", "kube-public", "kube-node-lease", "default");

    private final Backend backend;
    private final OwnObjects own;
    private final Map<String, String> requestHeaders;

    /** @param requestHeaders what servers of other groups read in {@code extension-apiserver-authentication} */
    public Bootstrap(Backend backend, Map<String, String> requestHeaders) {
        this.backend = backend;
        this.requestHeaders = Map.copyOf(requestHeaders);
        this.own = new OwnObjects(backend);
    }

    /**
     * Creates what is missing.
     *
     * @param serviceCidrs the ranges that services get their addresses from
     * @param serviceAddress the cluster address of the {@code kubernetes} service
     * @param port the port this server listens on
     * @throws RuntimeException when the store is away; call again then
     */
    public void ensure(List<String> serviceCidrs, InetAddress serviceAddress, int port) {
        for (String name : NAMESPACES) {
            KubeObject namespace = KubeObject.of("v1", "Namespace");
            namespace.setMetadata("name", name);
            namespace.metadata().putObject("labels").put("kubernetes.io/metadata.name", name);
            own.ensure(new GroupResource("", "namespaces"), namespace);
        }
        own.ensure(SERVICE_CIDRS, serviceCidr(serviceCidrs));
        extendServiceCidr(serviceCidrs);
        own.ensure(new GroupResource("", "services"), kubernetesService(serviceAddress, port));
        own.ensure(new GroupResource("", "configmaps"), extensionAuthentication());
        own.ensure(new GroupResource("", "configmaps"), tokenTracking());
        PRIORITY_CLASSES.forEach((name, value) -> own.ensure(CLASSES, priorityClass(name, value)));
        own.ensure(INGRESS_CLASSES, ingressClass());
        new PolicyBootstrap(backend, OwnObjects.SELF).ensure();
        // Who is told that the server is ready finds these rights in force.
        new Reads(backend).awaitCurrent();
    }

    private static KubeObject serviceCidr(List<String> cidrs) {
        KubeObject range = KubeObject.of("networking.k8s.io/v1", "ServiceCIDR");
        range.setMetadata("name", ClusterAddresses.DEFAULT_RANGE);
        ArrayNode all = range.root().putObject("spec").putArray("cidrs");
        cidrs.forEach(all::add);
        return range;
    }

    /** A cluster that has got a second range since it was made shows it; any other change of ranges is its user's to make. */
    private void extendServiceCidr(List<String> cidrs) {
        own.keep(SERVICE_CIDRS, new ObjectKey("", ClusterAddresses.DEFAULT_RANGE), present -> {
            if (present == null) {
                return serviceCidr(cidrs);
            }
            JsonNode known = present.at("spec", "cidrs");
            boolean isExtended = !present.isBeingDeleted()
                    && known.size() == 1
                    && cidrs.size() == 2
                    && known.path(0).asString("").equals(cidrs.getFirst());
            if (isExtended) {
                present.root().set("spec", serviceCidr(cidrs).at("spec"));
            }
            return present;
        });
    }

    /** Says since when the uses of tokens in secrets are noted, for those who remove the unused. */
    private KubeObject tokenTracking() {
        KubeObject map = KubeObject.of("v1", "ConfigMap");
        map.setMetadata("name", "kube-apiserver-legacy-service-account-token-tracking");
        map.setMetadata("namespace", "kube-system");
        LocalDate today = LocalDate.ofInstant(backend.platform().clock().instant(), ZoneOffset.UTC);
        map.root().putObject("data").put("since", today.toString());
        return map;
    }

    private static KubeObject kubernetesService(InetAddress address, int port) {
        KubeObject service = KubeObject.of("v1", "Service");
        service.setMetadata("name", "kubernetes");
        service.setMetadata("namespace", "default");
        ObjectNode labels = service.metadata().putObject("labels");
        labels.put("component", "apiserver");
        labels.put("provider", "kubernetes");
        ObjectNode spec = service.root().putObject("spec");
        spec.put("type", "ClusterIP");
        String text = IpAddress.of(address).text();
        spec.put("clusterIP", text);
        spec.putArray("clusterIPs").add(text);
        spec.put("ipFamilyPolicy", "SingleStack");
        spec.putArray("ipFamilies").add(Family.of(text).apiName());
        ObjectNode https = spec.putArray("ports").addObject();
        https.put("name", "https");
        https.put("protocol", "TCP");
        https.put("port", 443);
        https.put("targetPort", port);
        return service;
    }

    private KubeObject extensionAuthentication() {
        KubeObject map = KubeObject.of("v1", "ConfigMap");
        map.setMetadata("name", "extension-apiserver-authentication");
        map.setMetadata("namespace", "kube-system");
        ObjectNode data = map.root().putObject("data");
        new TreeMap<>(requestHeaders).forEach(data::put);
        return map;
    }

    /** The class of the ingress that comes with the cluster; an Ingress that names none is of this one. */
    private static KubeObject ingressClass() {
        KubeObject ingressClass = KubeObject.of("networking.k8s.io/v1", "IngressClass");
        ingressClass.setMetadata("name", "mokube");
        ingressClass.metadata().putObject("annotations").put("ingressclass.kubernetes.io/is-default-class", "true");
        ingressClass.root().putObject("spec").put("controller", "mokube.io/ingress");
        return ingressClass;
    }

    private static KubeObject priorityClass(String name, long value) {
        KubeObject priorityClass = KubeObject.of("scheduling.k8s.io/v1", "PriorityClass");
        priorityClass.setMetadata("name", name);
        priorityClass.root().put("value", value);
        priorityClass
                .root()
                .put(
                        "description",
                        "Used for system critical pods that must "
                                + (name.contains("node")
                                        ? "not be moved from their current node."
                                        : "run in the cluster, but can be moved to another node if necessary."));
        return priorityClass;
    }
}
