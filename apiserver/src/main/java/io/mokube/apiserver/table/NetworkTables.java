package io.mokube.apiserver.table;

import static io.mokube.apiserver.table.ColumnTable.age;
import static io.mokube.apiserver.table.ColumnTable.name;
import static io.mokube.apiserver.table.ColumnTable.text;
import static io.mokube.apiserver.table.ColumnTable.wide;
import static io.mokube.apiserver.table.Fields.NONE;
import static io.mokube.apiserver.table.Fields.UNSET;

import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Services, what they lead to, and what leads to them. */
public final class NetworkTables {

    public static final TableLayout SERVICES = ColumnTable.of(
            name(),
            text("Type", "How the service is reached.", object -> Fields.text(object, "spec", "type")),
            text("Cluster-IP", "Address inside the cluster.", object -> clusterIp(object)),
            text("External-IP", "Addresses outside the cluster.", object -> externalIp(object)),
            text("Port(s)", "Ports, those on nodes behind a colon.", object -> servicePorts(object)),
            age(),
            wide("Selector", "Labels of the pods behind it.", object -> Fields.labels(object.at("spec", "selector"))));

    public static final TableLayout ENDPOINTS = ColumnTable.of(
            name(), text("Endpoints", "The first addresses and ports.", object -> endpoints(object)), age());

    public static final TableLayout ENDPOINT_SLICES = ColumnTable.of(
            name(),
            text("AddressType", "IPv4, IPv6 or names.", object -> Fields.text(object, "addressType")),
            text("Ports", "The first ports.", object -> slicePorts(object)),
            text("Endpoints", "The first addresses.", object -> sliceAddresses(object)),
            age());

    public static final TableLayout INGRESSES = ColumnTable.of(
            name(),
            text(
                    "Class",
                    "Which controller serves it.",
                    object -> Fields.textOr(NONE, object, "spec", "ingressClassName")),
            text("Hosts", "Names it serves.", object -> hosts(object)),
            text("Address", "Where it is reached.", object -> loadBalancer(object)),
            text("Ports", "Ports it serves.", object -> object.at("spec", "tls").isEmpty() ? "80" : "80, 443"),
            age());

    public static final TableLayout INGRESS_CLASSES = ColumnTable.of(
            name(),
            text("Controller", "Which controller serves it.", object -> Fields.text(object, "spec", "controller")),
            text("Parameters", "Object with further settings.", object -> parameters(object)),
            age());

    public static final TableLayout NETWORK_POLICIES = ColumnTable.of(
            name(),
            text(
                    "Pod-Selector",
                    "Labels of the pods it protects.",
                    object -> Fields.selector(object.at("spec", "podSelector"))),
            age());

    public static final TableLayout IP_ADDRESSES =
            ColumnTable.of(name(), text("ParentRef", "Object that uses the address.", object -> parent(object)), age());

    public static final TableLayout SERVICE_CIDRS = ColumnTable.of(
            name(),
            text(
                    "CIDRs",
                    "Ranges of service addresses.",
                    object -> String.join(",", Fields.strings(object.at("spec", "cidrs")))),
            age());

    private NetworkTables() {}

    private static String clusterIp(KubeObject service) {
        String first = service.at("spec", "clusterIPs").path(0).asString("");
        return first.isEmpty() ? Fields.textOr(NONE, service, "spec", "clusterIP") : first;
    }

    private static String externalIp(KubeObject service) {
        List<String> external = Fields.strings(service.at("spec", "externalIPs"));
        return switch (Fields.text(service, "spec", "type")) {
            case "ExternalName" -> Fields.text(service, "spec", "externalName");
            case "LoadBalancer" -> {
                String balancer = loadBalancer(service);
                if (!external.isEmpty()) {
                    List<String> all = new ArrayList<>(balancer.isEmpty() ? List.of() : List.of(balancer));
                    all.addAll(external);
                    yield String.join(",", all);
                }
                yield balancer.isEmpty() ? "<pending>" : balancer;
            }
            case "ClusterIP", "NodePort" -> Fields.joinedOrNone(external);
            default -> HumanDuration.UNKNOWN;
        };
    }

    private static String loadBalancer(KubeObject object) {
        Set<String> addresses = new TreeSet<>();
        for (JsonNode ingress : object.at("status", "loadBalancer", "ingress")) {
            String ip = ingress.path("ip").asString("");
            addresses.add(ip.isEmpty() ? ingress.path("hostname").asString("") : ip);
        }
        return String.join(",", addresses);
    }

    private static String servicePorts(KubeObject service) {
        List<String> ports = new ArrayList<>();
        for (JsonNode port : service.at("spec", "ports")) {
            long nodePort = port.path("nodePort").asLong(0);
            ports.add(port.path("port").asLong(0)
                    + (nodePort > 0 ? ":" + nodePort : "")
                    + "/"
                    + port.path("protocol").asString("TCP"));
        }
        return Fields.joinedOrNone(ports);
    }

    private static String endpoints(KubeObject endpoints) {
        if (endpoints.at("subsets").isEmpty()) {
            return NONE;
        }
        List<String> all = new ArrayList<>();
        for (JsonNode subset : endpoints.at("subsets")) {
            List<String> addresses = Fields.each(subset.path("addresses"), "ip");
            if (subset.path("ports").isEmpty()) {
                all.addAll(addresses);
            }
            for (JsonNode port : subset.path("ports")) {
                for (String address : addresses) {
                    String host = address.indexOf(':') >= 0 ? "[" + address + "]" : address;
                    all.add(host + ":" + port.path("port").asLong(0));
                }
            }
        }
        return Fields.firstThree(all);
    }

    private static String slicePorts(KubeObject slice) {
        List<String> ports = new ArrayList<>();
        for (JsonNode port : slice.at("ports")) {
            // A port without a number is known by its name, and "*" when it has none either.
            ports.add(port.path("port").asString(port.path("name").asString("*")));
        }
        return ports.isEmpty() ? UNSET : Fields.firstThree(ports);
    }

    private static String sliceAddresses(KubeObject slice) {
        List<String> addresses = new ArrayList<>();
        for (JsonNode endpoint : slice.at("endpoints")) {
            addresses.addAll(Fields.strings(endpoint.path("addresses")));
        }
        return addresses.isEmpty() ? UNSET : Fields.firstThree(addresses);
    }

    /** The first three hosts. What is left out are rules, whether they name a host or not. */
    private static String hosts(KubeObject ingress) {
        JsonNode rules = ingress.at("spec", "rules");
        List<String> hosts = new ArrayList<>();
        boolean more = false;
        for (JsonNode rule : rules) {
            if (hosts.size() == 3) {
                more = true;
                break;
            }
            String host = rule.path("host").asString("");
            if (!host.isEmpty()) {
                hosts.add(host);
            }
        }
        if (hosts.isEmpty()) {
            return "*";
        }
        return String.join(",", hosts) + (more ? " + " + (rules.size() - 3) + " more..." : "");
    }

    private static String parameters(KubeObject ingressClass) {
        JsonNode parameters = ingressClass.at("spec", "parameters");
        if (!parameters.isObject()) {
            return NONE;
        }
        String group = parameters.path("apiGroup").asString("");
        return parameters.path("kind").asString("")
                + (group.isEmpty() ? "" : "." + group)
                + "/"
                + parameters.path("name").asString("");
    }

    private static String parent(KubeObject address) {
        JsonNode parent = address.at("spec", "parentRef");
        if (!parent.isObject()) {
            return NONE;
        }
        List<String> parts = new ArrayList<>(List.of(
                parent.path("resource").asString("")
                        + (parent.path("group").asString("").isEmpty()
                                ? ""
                                : "." + parent.path("group").asString("")),
                parent.path("namespace").asString(""),
                parent.path("name").asString("")));
        parts.removeIf(String::isEmpty);
        return String.join("/", parts);
    }
}
