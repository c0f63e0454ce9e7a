package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.mokube.kubelet.volume.ConfigurationSource;
import io.mokube.kubelet.volume.PodFields;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The environment of a container: services, then whole config maps and secrets, then single variables. */
final class EnvironmentVariables {

    private final ConfigurationSource source;

    EnvironmentVariables(ConfigurationSource source) {
        this.source = source;
    }

    /** A variable names something that is not there. The message is for the user. */
    static final class MissingSourceException extends RuntimeException {
        MissingSourceException(String message) {
            super(message);
        }
    }

    /**
     * The variables of a container.
     *
     * @param services those that the pod's containers learn about
     * @throws MissingSourceException when a config map, secret or key is missing
     */
    Map<String, String> of(Container container, PodFields fields, List<Service> services) {
        Map<String, String> variables = new LinkedHashMap<>();
        services.forEach(service -> addService(variables, service));
        String namespace = fields.pod().getMetadata().getNamespace();
        for (EnvFromSource from : container.getEnvFrom()) {
            String prefix = Objects.requireNonNullElse(from.getPrefix(), "");
            if (from.getConfigMapRef() != null) {
                var reference = from.getConfigMapRef();
                addAll(
                        variables,
                        prefix,
                        source.configMap(namespace, reference.getName()),
                        Boolean.TRUE.equals(reference.getOptional()),
                        "configmap \"" + reference.getName() + "\" not found");
            }
            if (from.getSecretRef() != null) {
                var reference = from.getSecretRef();
                addAll(
                        variables,
                        prefix,
                        source.secret(namespace, reference.getName()),
                        Boolean.TRUE.equals(reference.getOptional()),
                        "secret \"" + reference.getName() + "\" not found");
            }
        }
        for (EnvVar variable : container.getEnv()) {
            if (variable.getValueFrom() != null) {
                value(variable.getValueFrom(), fields, container)
                        .ifPresent(value -> variables.put(variable.getName(), value));
            } else {
                variables.put(
                        variable.getName(), expand(Objects.requireNonNullElse(variable.getValue(), ""), variables));
            }
        }
        return variables;
    }

    private static void addAll(
            Map<String, String> variables,
            String prefix,
            Optional<Map<String, byte[]>> entries,
            boolean optional,
            String complaint) {
        if (entries.isEmpty() && !optional) {
            throw new MissingSourceException(complaint);
        }
        entries.orElse(Map.of())
                .forEach((key, value) -> variables.put(prefix + key, new String(value, StandardCharsets.UTF_8)));
    }

    private Optional<String> value(EnvVarSource from, PodFields fields, Container container) {
        String namespace = fields.pod().getMetadata().getNamespace();
        if (from.getFieldRef() != null) {
            return Optional.of(fields.field(from.getFieldRef().getFieldPath()));
        }
        if (from.getResourceFieldRef() != null) {
            return Optional.of(fields.resource(from.getResourceFieldRef(), container.getName()));
        }
        if (from.getConfigMapKeyRef() != null) {
            var reference = from.getConfigMapKeyRef();
            return key(
                    source.configMap(namespace, reference.getName()),
                    reference.getKey(),
                    Boolean.TRUE.equals(reference.getOptional()),
                    "configmap \"" + reference.getName() + "\" not found",
                    "couldn't find key " + reference.getKey() + " in ConfigMap " + namespace + "/"
                            + reference.getName());
        }
        if (from.getSecretKeyRef() != null) {
            var reference = from.getSecretKeyRef();
            return key(
                    source.secret(namespace, reference.getName()),
                    reference.getKey(),
                    Boolean.TRUE.equals(reference.getOptional()),
                    "secret \"" + reference.getName() + "\" not found",
                    "couldn't find key " + reference.getKey() + " in Secret " + namespace + "/" + reference.getName());
        }
        return Optional.empty();
    }

    private static Optional<String> key(
            Optional<Map<String, byte[]>> entries, String key, boolean optional, String noObject, String noKey) {
        Optional<byte[]> value = entries.map(map -> map.get(key));
        if (value.isEmpty() && !optional) {
            throw new MissingSourceException(entries.isEmpty() ? noObject : noKey);
        }
        return value.map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    /** Replaces {@code $(NAME)} where NAME is known; {@code $$} is a dollar sign. */
    static String expand(String text, Map<String, String> variables) {
        StringBuilder expanded = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '$' || i + 1 == text.length()) {
                expanded.append(c);
                continue;
            }
            char next = text.charAt(i + 1);
            int close = next == '(' ? text.indexOf(')', i) : -1;
            String name = close < 0 ? "" : text.substring(i + 2, close);
            if (next == '$') {
                expanded.append('$');
                i++;
            } else if (close >= 0 && variables.containsKey(name)) {
                expanded.append(variables.get(name));
                i = close;
            } else {
                expanded.append(c);
            }
        }
        return expanded.toString();
    }

    private static void addService(Map<String, String> variables, Service service) {
        String address = service.getSpec().getClusterIP();
        List<ServicePort> ports = service.getSpec().getPorts();
        if (address == null || address.isEmpty() || address.equals("None") || ports.isEmpty()) {
            return;
        }
        String prefix = word(service.getMetadata().getName());
        variables.put(prefix + "_SERVICE_HOST", address);
        variables.put(prefix + "_SERVICE_PORT", ports.getFirst().getPort().toString());
        for (ServicePort port : ports) {
            if (port.getName() != null && !port.getName().isEmpty()) {
                variables.put(
                        prefix + "_SERVICE_PORT_" + word(port.getName()),
                        port.getPort().toString());
            }
        }
        for (int i = 0; i < ports.size(); i++) {
            ServicePort port = ports.get(i);
            String protocol = Objects.requireNonNullElse(port.getProtocol(), "TCP");
            String url = protocol.toLowerCase(Locale.ROOT) + "://" + address + ":" + port.getPort();
            if (i == 0) {
                variables.put(prefix + "_PORT", url);
            }
            String portPrefix = prefix + "_PORT_" + port.getPort() + "_" + protocol;
            variables.put(portPrefix, url);
            variables.put(portPrefix + "_PROTO", protocol.toLowerCase(Locale.ROOT));
            variables.put(portPrefix + "_PORT", port.getPort().toString());
            variables.put(portPrefix + "_ADDR", address);
        }
    }

    private static String word(String name) {
        return name.toUpperCase(Locale.ROOT).replace('-', '_');
    }
}
