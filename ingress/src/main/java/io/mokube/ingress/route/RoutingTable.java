package io.mokube.ingress.route;

import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the backend of a request, as the documentation of Ingress says: the most specific host that has rules decides
 * (a name before a wildcard, which stands for one label, before rules without a host); of its paths the longest that fits;
 * of equal ones the exact one. Where nothing fits, the default backend serves. Immutable.
 *
 * <p>A lookup takes time by the elements of the request's path, however many rules there are.
 */
public final class RoutingTable {

    /** No request has a backend. */
    public static final RoutingTable EMPTY = new RoutingTable(Map.of(), Optional.empty());

    private final Map<String, Paths> hosts;
    private final Optional<Backend> fallback;

    /** The paths of one host; those of beginnings are without the slash at their end. */
    private record Paths(Map<String, Backend> exact, Map<String, Backend> beginnings) {

        Optional<Backend> find(String path) {
            Backend found = exact.get(path);
            String rest = withoutEnd(path);
            while (found == null) {
                found = beginnings.get(rest);
                if (rest.isEmpty()) {
                    break;
                }
                rest = rest.substring(0, rest.lastIndexOf('/'));
            }
            return Optional.ofNullable(found);
        }
    }

    private RoutingTable(Map<String, Paths> hosts, Optional<Backend> fallback) {
        this.hosts = hosts;
        this.fallback = fallback;
    }

    /** The table of these rules. Of two for the same host, path and kind, the first counts. */
    public static RoutingTable of(Collection<Rule> rules, Optional<Backend> fallback) {
        Map<String, Paths> hosts = new HashMap<>();
        for (Rule rule : rules) {
            Paths paths = hosts.computeIfAbsent(
                    rule.host().toLowerCase(Locale.ROOT), host -> new Paths(new HashMap<>(), new HashMap<>()));
            if (rule.exact()) {
                paths.exact().putIfAbsent(rule.path(), rule.backend());
            } else {
                paths.beginnings().putIfAbsent(withoutEnd(rule.path()), rule.backend());
            }
        }
        return new RoutingTable(hosts, fallback);
    }

    /**
     * The backend of a request.
     *
     * @param host the name in the request, without port
     * @param path as it was sent, without the query; it begins with a slash, or else only the default backend fits
     */
    public Optional<Backend> find(String host, String path) {
        if (!path.startsWith("/")) {
            return fallback;
        }
        Paths paths = paths(host.toLowerCase(Locale.ROOT));
        return paths == null ? fallback : paths.find(path).or(() -> fallback);
    }

    private @Nullable Paths paths(String host) {
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        Paths paths = name.isEmpty() ? null : hosts.get(name);
        int dot = name.indexOf('.');
        if (paths == null && dot > 0) {
            paths = hosts.get("*" + name.substring(dot));
        }
        return paths == null ? hosts.get("") : paths;
    }

    private static String withoutEnd(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }
}
