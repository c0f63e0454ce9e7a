package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Ingresses. */
final class IngressStrategy extends SpecStatusStrategy {

    private static final String CLASS_ANNOTATION = "kubernetes.io/ingress.class";
    private static final Set<String> PATH_TYPES = Set.of("Exact", "ImplementationSpecific", "Prefix");
    private static final List<String> AMBIGUOUS = List.of("//", "/./", "/../", "%2f", "%2F");

    @Override
    public void prepareForCreate(KubeObject ingress) {
        ingress.root().putObject("status").putObject("loadBalancer");
    }

    @Override
    public void validateCreate(KubeObject ingress, List<FieldError> errors) {
        validateUpdate(ingress, ingress, errors);
        String annotated = ingress.annotations().getOrDefault(CLASS_ANNOTATION, "");
        String named = Tree.text(ingress.at("spec"), "ingressClassName");
        if (!annotated.isEmpty() && !named.isEmpty() && !annotated.equals(named)) {
            errors.add(FieldError.invalid(
                    "annotations." + CLASS_ANNOTATION,
                    annotated,
                    "must match `ingressClassName` when both are specified"));
        }
    }

    @Override
    public void validateUpdate(KubeObject ingress, KubeObject old, List<FieldError> errors) {
        JsonNode spec = ingress.at("spec");
        if (spec.path("rules").isEmpty() && !spec.has("defaultBackend")) {
            errors.add(FieldError.invalid("spec", "", "either `defaultBackend` or `rules` must be specified"));
        }
        if (spec.has("defaultBackend")) {
            backend(spec.path("defaultBackend"), "spec.defaultBackend", errors);
        }
        List<ObjectNode> rules = Tree.items(spec, "rules");
        for (int i = 0; i < rules.size(); i++) {
            rule(rules.get(i), "spec.rules[" + i + "]", errors);
        }
        List<ObjectNode> tls = Tree.items(spec, "tls");
        for (int i = 0; i < tls.size(); i++) {
            String path = "spec.tls[" + i + "]";
            for (int j = 0; j < tls.get(i).path("hosts").size(); j++) {
                Check.host(tls.get(i).path("hosts").path(j).asString(""), path + ".hosts[" + j + "]", errors);
            }
            Check.optionalName(tls.get(i), "secretName", NameFormat::dnsSubdomain, path, errors);
        }
        Check.optionalName(spec, "ingressClassName", NameFormat::dnsSubdomain, "spec", errors);
    }

    private static void rule(ObjectNode rule, String path, List<FieldError> errors) {
        String host = Tree.text(rule, "host");
        if (IpAddress.isValid(host)) {
            errors.add(FieldError.invalid(path + ".host", host, "must be a DNS name, not an IP address"));
        }
        if (!host.isEmpty()) {
            Check.host(host, path + ".host", errors);
        }
        if (!rule.has("http")) {
            return;
        }
        List<ObjectNode> paths = Tree.items(rule.path("http"), "paths");
        if (paths.isEmpty()) {
            errors.add(FieldError.required(path + ".http.paths", ""));
        }
        for (int i = 0; i < paths.size(); i++) {
            path(paths.get(i), path + ".http.paths[" + i + "]", errors);
        }
    }

    private static void path(ObjectNode route, String path, List<FieldError> errors) {
        String type = Tree.text(route, "pathType");
        String target = Tree.text(route, "path");
        if (type.isEmpty()) {
            errors.add(FieldError.required(path + ".pathType", "pathType must be specified"));
            return;
        }
        if (!PATH_TYPES.contains(type)) {
            errors.add(FieldError.notSupported(
                    path + ".pathType", type, PATH_TYPES.stream().sorted().toList()));
        }
        boolean mayBeEmpty = type.equals("ImplementationSpecific");
        if (!target.startsWith("/") && !(mayBeEmpty && target.isEmpty())) {
            errors.add(FieldError.invalid(path + ".path", target, "must be an absolute path"));
        }
        if (!mayBeEmpty) {
            for (String part : AMBIGUOUS) {
                if (target.contains(part)) {
                    errors.add(FieldError.invalid(path + ".path", target, "must not contain '" + part + "'"));
                }
            }
            for (String end : List.of("/..", "/.")) {
                if (target.endsWith(end)) {
                    errors.add(FieldError.invalid(path + ".path", target, "cannot end with '" + end + "'"));
                }
            }
        }
        backend(route.path("backend"), path + ".backend", errors);
    }

    private static void backend(JsonNode backend, String path, List<FieldError> errors) {
        if (backend.has("resource") && backend.has("service")) {
            errors.add(FieldError.invalid(path, "", "cannot set both resource and service backends"));
        } else if (backend.has("resource")) {
            Check.required(backend.path("resource"), "kind", path + ".resource", errors);
            Check.required(backend.path("resource"), "name", path + ".resource", errors);
        } else if (backend.has("service")) {
            service(backend.path("service"), path, errors);
        } else {
            errors.add(FieldError.invalid(path, "", "resource or service backend is required"));
        }
    }

    private static void service(JsonNode service, String path, List<FieldError> errors) {
        String name = Tree.text(service, "name");
        if (name.isEmpty()) {
            errors.add(FieldError.required(path + ".service.name", ""));
        } else {
            Check.name(name, NameFormat::dns1035Label, path + ".service.name", errors);
        }
        String portName = Tree.text(service.path("port"), "name");
        JsonNode number = service.path("port").path("number");
        boolean hasNumber = number.asLong(0) != 0;
        if (!portName.isEmpty() && hasNumber) {
            errors.add(FieldError.invalid(path, "", "cannot set both port name & port number"));
        } else if (!portName.isEmpty()) {
            Check.portName(portName, path + ".service.port.name", errors);
        } else if (hasNumber) {
            Check.port(number, path + ".service.port.number", errors);
        } else {
            errors.add(FieldError.required(path, "port name or number is required"));
        }
    }
}
