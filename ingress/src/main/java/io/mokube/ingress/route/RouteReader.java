package io.mokube.ingress.route;

import io.fabric8.kubernetes.api.model.networking.v1.HTTPIngressPath;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBackend;
import io.fabric8.kubernetes.api.model.networking.v1.IngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.IngressServiceBackend;
import io.fabric8.kubernetes.api.model.networking.v1.IngressTLS;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceBackendPort;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a set of Ingress objects says.
 *
 * @param secrets the secret with the certificate for each host, {@code *.} wildcards included; for {@code ""} the one of
 *     all others
 * @param problems what can't be done, by Ingress
 */
public record RouteReader(RoutingTable table, Map<String, ObjectKey> secrets, Map<ObjectKey, List<String>> problems) {

    private static final Comparator<Ingress> OLDEST_FIRST = Comparator.comparing((Ingress each) ->
                    Objects.requireNonNullElse(each.getMetadata().getCreationTimestamp(), ""))
            .thenComparing(each -> each.getMetadata().getNamespace())
            .thenComparing(each -> each.getMetadata().getName());

    /** Reads them; where two say different things about the same, the older one counts. */
    public static RouteReader read(Collection<Ingress> ingresses) {
        List<Rule> rules = new ArrayList<>();
        List<Backend> defaults = new ArrayList<>();
        Map<String, ObjectKey> secrets = new LinkedHashMap<>();
        Map<ObjectKey, List<String>> problems = new LinkedHashMap<>();
        for (Ingress ingress : ingresses.stream().sorted(OLDEST_FIRST).toList()) {
            String namespace = ingress.getMetadata().getNamespace();
            List<String> wrong = new ArrayList<>();
            if (ingress.getSpec().getDefaultBackend() != null) {
                backend(namespace, ingress.getSpec().getDefaultBackend(), wrong).ifPresent(defaults::add);
            }
            for (IngressRule rule : orEmpty(ingress.getSpec().getRules())) {
                rules(namespace, rule, wrong, rules);
            }
            for (IngressTLS tls : orEmpty(ingress.getSpec().getTls())) {
                if (tls.getSecretName() != null) {
                    List<String> hosts = orEmpty(tls.getHosts());
                    for (String host : hosts.isEmpty() ? List.of("") : hosts) {
                        secrets.putIfAbsent(
                                host.toLowerCase(Locale.ROOT), new ObjectKey(namespace, tls.getSecretName()));
                    }
                }
            }
            if (!wrong.isEmpty()) {
                problems.put(new ObjectKey(namespace, ingress.getMetadata().getName()), List.copyOf(wrong));
            }
        }
        return new RouteReader(
                RoutingTable.of(rules, defaults.stream().findFirst()), Map.copyOf(secrets), Map.copyOf(problems));
    }

    private static void rules(String namespace, IngressRule rule, List<String> wrong, List<Rule> rules) {
        if (rule.getHttp() == null) {
            return;
        }
        String host = Objects.requireNonNullElse(rule.getHost(), "");
        for (HTTPIngressPath path : orEmpty(rule.getHttp().getPaths())) {
            String text = Objects.requireNonNullElse(path.getPath(), "");
            backend(namespace, path.getBackend(), wrong)
                    .ifPresent(backend -> rules.add(
                            new Rule(host, text.isEmpty() ? "/" : text, "Exact".equals(path.getPathType()), backend)));
        }
    }

    private static Optional<Backend> backend(String namespace, IngressBackend backend, List<String> wrong) {
        IngressServiceBackend service = backend.getService();
        if (service == null) {
            if (backend.getResource() != null) {
                wrong.add("resource backends are not supported: "
                        + backend.getResource().getKind() + " "
                        + backend.getResource().getName());
            }
            return Optional.empty();
        }
        ServiceBackendPort port = service.getPort();
        return Optional.of(new Backend(namespace, service.getName(), port == null ? "" : port(port)));
    }

    private static String port(ServiceBackendPort port) {
        return port.getName() != null
                ? port.getName()
                : String.valueOf(Objects.requireNonNullElse(port.getNumber(), 0));
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
