package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Services. Their cluster addresses, the families of these and node ports are given out elsewhere. */
public final class ServiceStrategy extends SpecStatusStrategy {

    private static final String HEALTH_CHECK = "healthCheckNodePort";
    private static final String HEALTH_CHECK_PATH = "spec." + HEALTH_CHECK;
    private static final int DEFAULT_AFFINITY_SECONDS = 10_800;
    private static final Set<String> TYPES = Set.of("ClusterIP", "NodePort", "LoadBalancer", "ExternalName");
    private static final Set<String> PROTOCOLS = Set.of("TCP", "UDP", "SCTP");
    private static final Set<String> POLICIES = Set.of("Cluster", "Local");
    private static final List<String> FAMILIES = List.of(Family.IPV4.apiName(), Family.IPV6.apiName());
    private static final Set<String> FAMILY_POLICIES = Set.of("PreferDualStack", "RequireDualStack", "SingleStack");

    @Override
    public void applyDefaults(KubeObject service) {
        ObjectNode spec = Tree.child(service.root(), "spec");
        Tree.orElse(spec, "sessionAffinity", "None");
        Tree.orElse(spec, "type", "ClusterIP");
        String type = Tree.text(spec, "type");
        if (Tree.text(spec, "sessionAffinity").equals("ClientIP")) {
            ObjectNode clientIp = Tree.child(Tree.child(spec, "sessionAffinityConfig"), "clientIP");
            Tree.orElse(clientIp, "timeoutSeconds", DEFAULT_AFFINITY_SECONDS);
        } else {
            spec.remove("sessionAffinityConfig");
        }
        for (ObjectNode port : Tree.items(spec, "ports")) {
            Tree.orElse(port, "protocol", "TCP");
            JsonNode target = port.path("targetPort");
            if (target.isMissingNode()
                    || target.asString("").isEmpty()
                    || target.asString("").equals("0")) {
                port.set("targetPort", port.path("port"));
            }
        }
        if (type.equals("ExternalName")) {
            return;
        }
        Tree.orElse(spec, "internalTrafficPolicy", "Cluster");
        if (type.equals("NodePort") || type.equals("LoadBalancer")) {
            Tree.orElse(spec, "externalTrafficPolicy", "Cluster");
        }
        if (type.equals("LoadBalancer")) {
            Tree.orElse(spec, "allocateLoadBalancerNodePorts", true);
        }
    }

    @Override
    public boolean allowsCreateOnUpdate() {
        return true;
    }

    /** The single and the plural form always say the same. */
    private static void clusterIps(ObjectNode spec) {
        String clusterIp = Tree.text(spec, "clusterIP");
        JsonNode list = spec.path("clusterIPs");
        if (clusterIp.isEmpty() && !list.isEmpty()) {
            spec.put("clusterIP", list.path(0).asString(""));
        } else if (!clusterIp.isEmpty() && list.isEmpty()) {
            spec.putArray("clusterIPs").add(clusterIp);
        }
    }

    @Override
    public void prepareForCreate(KubeObject service) {
        service.root().putObject("status").putObject("loadBalancer");
        clusterIps(Tree.child(service.root(), "spec"));
    }

    /** What was given out stays when an update leaves it out, as clients that know only their own fields do. */
    @Override
    public void prepareForUpdate(KubeObject service, KubeObject old) {
        keep("status", service, old);
        ObjectNode spec = Tree.child(service.root(), "spec");
        JsonNode before = old.at("spec");
        healthCheckNodePort(spec, before);
        dropWhatTheTypeLacks(spec, before);
        if (!hasAddress(spec) || !hasAddress(before)) {
            if (hasAddress(spec)) {
                clusterIps(spec);
            } else {
                spec.remove(List.of("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"));
            }
            return;
        }
        keepClusterIps(spec, before);
        if (hasNodePorts(spec) && hasNodePorts(before)) {
            nodePorts(spec, before);
        }
    }

    private static void keepClusterIps(ObjectNode spec, JsonNode before) {
        if (Tree.text(spec, "clusterIP").isEmpty()) {
            String first = spec.path("clusterIPs").path(0).asString("");
            spec.put("clusterIP", first.isEmpty() ? Tree.text(before, "clusterIP") : first);
        }
        if (spec.path("clusterIPs").isEmpty() && Tree.text(spec, "clusterIP").equals(Tree.text(before, "clusterIP"))) {
            spec.set("clusterIPs", before.path("clusterIPs").deepCopy());
        }
        clusterIps(spec);
    }

    /** It goes when the service has no use for it any more, unless somebody asks for another one. */
    private static void healthCheckNodePort(ObjectNode spec, JsonNode before) {
        if (!needsHealthCheck(before)) {
            return;
        }
        int now = spec.path(HEALTH_CHECK).asInt(0);
        int known = before.path(HEALTH_CHECK).asInt(0);
        if (needsHealthCheck(spec)) {
            if (now == 0 && known != 0) {
                spec.put(HEALTH_CHECK, known);
            }
        } else if (now == known) {
            spec.remove(HEALTH_CHECK);
        }
    }

    /** What belonged to the former type goes with it, unless somebody changed it in the same request. */
    private static void dropWhatTheTypeLacks(ObjectNode spec, JsonNode before) {
        if (hasNodePorts(before) && !hasNodePorts(spec) && givenNodePorts(spec).equals(givenNodePorts(before))) {
            Tree.items(spec, "ports").forEach(port -> port.remove("nodePort"));
        }
        if (Tree.text(before, "type").equals("LoadBalancer")
                && !Tree.text(spec, "type").equals("LoadBalancer")) {
            dropUnchanged("allocateLoadBalancerNodePorts", spec, before);
            dropUnchanged("loadBalancerClass", spec, before);
        }
        if (fromOutside(before) && !fromOutside(spec)) {
            dropUnchanged("externalTrafficPolicy", spec, before);
        }
    }

    private static void dropUnchanged(String field, ObjectNode spec, JsonNode before) {
        if (spec.path(field).equals(before.path(field))) {
            spec.remove(field);
        }
    }

    private static Set<Integer> givenNodePorts(JsonNode spec) {
        return Tree.items(spec, "ports").stream()
                .map(port -> port.path("nodePort").asInt(0))
                .filter(port -> port != 0)
                .collect(Collectors.toSet());
    }

    private static boolean fromOutside(JsonNode spec) {
        return hasNodePorts(spec)
                || (Tree.text(spec, "type").equals("ClusterIP")
                        && !spec.path("externalIPs").isEmpty());
    }

    /** Whether load balancers ask each node for endpoints of its own. */
    public static boolean needsHealthCheck(JsonNode spec) {
        return Tree.text(spec, "type").equals("LoadBalancer")
                && Tree.text(spec, "externalTrafficPolicy").equals("Local");
    }

    private static void nodePorts(ObjectNode spec, JsonNode before) {
        for (ObjectNode port : Tree.items(spec, "ports")) {
            for (ObjectNode known : Tree.items(before, "ports")) {
                if (port.path("nodePort").asInt(0) == 0
                        && Tree.text(port, "protocol").equals(Tree.text(known, "protocol"))
                        && port.path("port").asInt(0) == known.path("port").asInt(0)
                        && known.has("nodePort")) {
                    port.set("nodePort", known.path("nodePort"));
                }
            }
        }
    }

    private static boolean hasAddress(JsonNode spec) {
        return !Tree.text(spec, "type").equals("ExternalName");
    }

    private static boolean hasNodePorts(JsonNode spec) {
        String type = Tree.text(spec, "type");
        return type.equals("NodePort") || type.equals("LoadBalancer");
    }

    @Override
    public void validateCreate(KubeObject service, List<FieldError> errors) {
        ObjectNode spec = Tree.child(service.root(), "spec");
        Check.oneOf(spec, "type", "spec", TYPES, errors);
        Check.oneOf(spec, "sessionAffinity", "spec", Set.of("ClientIP", "None"), errors);
        Check.oneOf(spec, "internalTrafficPolicy", "spec", POLICIES, errors);
        Check.oneOf(spec, "externalTrafficPolicy", "spec", POLICIES, errors);
        boolean headless = Tree.text(spec, "clusterIP").equals("None");
        boolean external = Tree.text(spec, "type").equals("ExternalName");
        if (spec.path("ports").isEmpty() && !headless && !external) {
            errors.add(FieldError.required("spec.ports", ""));
        }
        if (external) {
            String target = Tree.text(spec, "externalName");
            if (target.isEmpty()) {
                errors.add(FieldError.required("spec.externalName", ""));
            } else {
                Check.name(
                        target.endsWith(".") ? target.substring(0, target.length() - 1) : target,
                        NameFormat::dnsSubdomain,
                        "spec.externalName",
                        errors);
            }
            if (!Tree.text(spec, "clusterIP").isEmpty()) {
                errors.add(FieldError.forbidden("spec.clusterIPs", "may not be set for ExternalName services"));
            }
        }
        if (headless && hasNodePorts(spec)) {
            errors.add(FieldError.invalid(
                    "spec.clusterIPs[0]",
                    "None",
                    "may not be set to 'None' for " + Tree.text(spec, "type") + " services"));
        }
        clusterIps(spec, headless, errors);
        families(spec, errors);
        ports(spec, headless, errors);
        healthCheckNodePort(spec, errors);
        Check.labels(spec.path("selector"), "spec.selector", errors);
        if (Tree.text(spec, "sessionAffinity").equals("ClientIP")) {
            Check.between(
                    spec.path("sessionAffinityConfig").path("clientIP").path("timeoutSeconds"),
                    1,
                    86_400,
                    "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                    errors);
        }
    }

    private static void families(ObjectNode spec, List<FieldError> errors) {
        if (!Tree.text(spec, "ipFamilyPolicy").isEmpty()) {
            Check.oneOf(spec, "ipFamilyPolicy", "spec", FAMILY_POLICIES, errors);
        }
        Set<String> seen = new HashSet<>();
        JsonNode families = spec.path("ipFamilies");
        for (int i = 0; i < families.size(); i++) {
            String family = families.path(i).asString("");
            String path = "spec.ipFamilies[" + i + "]";
            if (!FAMILIES.contains(family)) {
                errors.add(FieldError.notSupported(path, family, FAMILIES));
            }
            if (!seen.add(family)) {
                errors.add(FieldError.duplicate(path, family));
            }
        }
    }

    private static void clusterIps(ObjectNode spec, boolean headless, List<FieldError> errors) {
        JsonNode list = spec.path("clusterIPs");
        String clusterIp = Tree.text(spec, "clusterIP");
        if (list instanceof ArrayNode
                && !list.isEmpty()
                && !list.path(0).asString("").equals(clusterIp)) {
            errors.add(FieldError.invalid("spec.clusterIPs", list, "first value must match `clusterIP`"));
        }
        if (headless) {
            if (list.size() > 1) {
                errors.add(FieldError.invalid(
                        "spec.clusterIPs", Check.show(list), "'None' must be the first and only value"));
            }
            return;
        }
        if (list.size() > 2) {
            errors.add(FieldError.invalid("spec.clusterIPs", Check.show(list), "may only hold up to 2 values"));
        }
        int complaints = errors.size();
        Set<Boolean> families = new HashSet<>();
        for (int i = 0; i < Math.max(1, list.size()); i++) {
            String address = list.isEmpty() ? clusterIp : list.path(i).asString("");
            families.add(address.indexOf(':') >= 0);
            if ((i > 0 || !address.isEmpty()) && !IpAddress.isValid(address)) {
                errors.add(FieldError.invalid("spec.clusterIPs[" + i + "]", address, Check.NO_IP_ADDRESS));
            }
        }
        if (errors.size() == complaints && list.size() == 2 && families.size() < 2) {
            errors.add(FieldError.invalid(
                    "spec.clusterIPs", Check.show(list), "may specify no more than one IP for each IP family"));
        }
    }

    private static void healthCheckNodePort(ObjectNode spec, List<FieldError> errors) {
        int port = spec.path(HEALTH_CHECK).asInt(0);
        if (port < 0) {
            errors.add(FieldError.invalid(HEALTH_CHECK_PATH, port, "HealthCheckNodePort must be not less than 0"));
        } else if (port != 0 && !needsHealthCheck(spec)) {
            errors.add(FieldError.invalid(
                    HEALTH_CHECK_PATH,
                    port,
                    "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
        }
    }

    private static void ports(ObjectNode spec, boolean headless, List<FieldError> errors) {
        List<ObjectNode> ports = Tree.items(spec, "ports");
        Check.distinct(ports, "name", "spec.ports", errors);
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < ports.size(); i++) {
            ObjectNode port = ports.get(i);
            String path = "spec.ports[" + i + "]";
            String name = Tree.text(port, "name");
            if (!name.isEmpty()) {
                Check.dnsLabel(name, path + ".name", errors);
            } else if (ports.size() > 1) {
                errors.add(FieldError.required(path + ".name", ""));
            }
            Check.port(port.path("port"), path + ".port", errors);
            Check.oneOf(port, "protocol", path, PROTOCOLS, errors);
            Check.portOrName(port.path("targetPort"), path + ".targetPort", errors);
            int nodePort = port.path("nodePort").asInt(0);
            if (nodePort != 0 && !hasNodePorts(spec)) {
                errors.add(FieldError.forbidden(
                        path + ".nodePort", "may not be used when `type` is '" + Tree.text(spec, "type") + "'"));
            }
            if (!seen.add(Tree.text(port, "protocol") + "/" + port.path("port").asInt(0)) && !headless) {
                errors.add(FieldError.duplicate(path, port));
            }
        }
    }

    @Override
    public void validateUpdate(KubeObject service, KubeObject old, List<FieldError> errors) {
        validateCreate(service, errors);
        JsonNode spec = service.at("spec");
        JsonNode before = old.at("spec");
        if (needsHealthCheck(before)
                && needsHealthCheck(spec)
                && before.path(HEALTH_CHECK).asInt(0) != 0
                && before.path(HEALTH_CHECK).asInt(0) != spec.path(HEALTH_CHECK).asInt(0)) {
            errors.add(FieldError.forbidden(HEALTH_CHECK_PATH, "field is immutable"));
        }
        String address = Tree.text(before, "clusterIP");
        if (!address.isEmpty() && hasAddress(before) && hasAddress(spec)) {
            if (!Tree.text(spec, "clusterIP").equals(address)) {
                errors.add(FieldError.invalid(
                        "spec.clusterIPs[0]",
                        Check.show(
                                spec.path("clusterIPs").isMissingNode()
                                        ? spec.path("clusterIP")
                                        : spec.path("clusterIPs")),
                        "may not change once set"));
            }
            JsonNode family = before.path("ipFamilies").path(0);
            JsonNode now = spec.path("ipFamilies").path(0);
            if (!family.isMissingNode() && !now.isMissingNode() && !now.equals(family)) {
                errors.add(FieldError.invalid("spec.ipFamilies[0]", now.asString(""), "may not change once set"));
            }
            secondary("clusterIPs", spec, before, errors);
        }
    }

    /** The second address comes and goes with the policy, but never becomes another. */
    private static void secondary(String field, JsonNode spec, JsonNode before, List<FieldError> errors) {
        JsonNode was = before.path(field).path(1);
        JsonNode now = spec.path(field).path(1);
        if (!was.isMissingNode() && !now.isMissingNode() && !was.equals(now)) {
            errors.add(FieldError.invalid(
                    "spec." + field + "[1]", Check.show(spec.path(field)), "may not change once set"));
        }
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of(
                "spec.clusterIP", service -> Tree.text(service.at("spec"), "clusterIP"),
                "spec.type", service -> Tree.text(service.at("spec"), "type"));
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }

    @Override
    public @Nullable String checkName(String name) {
        return NameFormat.dns1035Label(name).orElse(null);
    }
}
