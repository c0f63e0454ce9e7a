package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Endpoint slices. */
final class EndpointSliceStrategy implements ResourceStrategy {

    private static final int MOST_ENDPOINTS = 1000;
    private static final int MOST_ADDRESSES = 100;
    private static final int MOST_PORTS = 20_000;

    @Override
    public void applyDefaults(KubeObject slice) {
        for (ObjectNode port : Tree.items(slice.root(), "ports")) {
            if (!port.has("name")) {
                port.put("name", "");
            }
            Tree.orElse(port, "protocol", "TCP");
        }
    }

    @Override
    public void validateCreate(KubeObject slice, List<FieldError> errors) {
        String type = Tree.text(slice.root(), "addressType");
        if (type.isEmpty()) {
            errors.add(FieldError.required("addressType", ""));
        } else if (!Set.of("FQDN", "IPv4", "IPv6").contains(type)) {
            errors.add(FieldError.notSupported("addressType", type, List.of("FQDN", "IPv4", "IPv6")));
        }
        List<ObjectNode> endpoints = Tree.items(slice.root(), "endpoints");
        if (endpoints.size() > MOST_ENDPOINTS) {
            errors.add(FieldError.tooMany("endpoints", endpoints.size(), MOST_ENDPOINTS));
            return;
        }
        for (int i = 0; i < endpoints.size(); i++) {
            endpoint(type, endpoints.get(i), "endpoints[" + i + "]", errors);
        }
        ports(Tree.items(slice.root(), "ports"), errors);
    }

    private static void endpoint(String type, ObjectNode endpoint, String path, List<FieldError> errors) {
        JsonNode addresses = endpoint.path("addresses");
        if (addresses.isEmpty()) {
            errors.add(FieldError.required(path + ".addresses", "must contain at least 1 address"));
        } else if (addresses.size() > MOST_ADDRESSES) {
            errors.add(FieldError.tooMany(path + ".addresses", addresses.size(), MOST_ADDRESSES));
        }
        for (int i = 0; i < addresses.size(); i++) {
            String address = addresses.path(i).asString("");
            String here = path + ".addresses[" + i + "]";
            switch (type) {
                case "IPv4", "IPv6" -> {
                    boolean six = address.indexOf(':') >= 0;
                    if (IpAddress.isValid(address) && six != type.equals("IPv6")) {
                        errors.add(FieldError.invalid(here, address, "must be an " + type + " address"));
                    }
                    EndpointAddress.check(address, here, errors);
                }
                case "FQDN" -> Check.name(address, NameFormat::dnsSubdomain, here, errors);
                default -> {}
            }
        }
        Check.optionalName(endpoint, "nodeName", NameFormat::dnsSubdomain, path, errors);
        Check.optionalName(endpoint, "hostname", NameFormat::dnsLabel, path, errors);
        Check.labels(endpoint.path("deprecatedTopology"), path + ".deprecatedTopology", errors);
    }

    private static void ports(List<ObjectNode> ports, List<FieldError> errors) {
        if (ports.size() > MOST_PORTS) {
            errors.add(FieldError.tooMany("ports", ports.size(), MOST_PORTS));
            return;
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < ports.size(); i++) {
            String here = "ports[" + i + "]";
            String name = Tree.text(ports.get(i), "name");
            if (!name.isEmpty()) {
                Check.name(name, NameFormat::dnsLabel, here + ".name", errors);
            }
            if (!names.add(name)) {
                errors.add(FieldError.duplicate(here + ".name", name));
            }
            Check.oneOf(ports.get(i), "protocol", here, Set.of("TCP", "UDP", "SCTP"), errors);
        }
    }

    @Override
    public void validateUpdate(KubeObject slice, KubeObject old, List<FieldError> errors) {
        // What was taken before the rules were stricter may stay.
        boolean same = Tree.sameField(slice.root(), old.root(), "endpoints")
                && Tree.sameField(slice.root(), old.root(), "ports")
                && Tree.sameField(slice.root(), old.root(), "addressType");
        if (!same) {
            validateCreate(slice, errors);
        }
        Check.immutable(slice.root(), old.root(), "addressType", "addressType", errors);
    }
}
