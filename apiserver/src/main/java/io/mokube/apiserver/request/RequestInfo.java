package io.mokube.apiserver.request;

import io.mokube.apiserver.authz.Authorizer;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.selector.FieldSelector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a method and a path ask for, in Kubernetes' words.
 *
 * @param path the path, decoded
 * @param verb get, list, watch, create, update, patch, delete, deletecollection; for paths that are no resources the
 *     method in lower case
 * @param group the API group, {@code ""} for the core group
 * @param version the API version, {@code ""} for paths that are no resources
 * @param namespace {@code ""} where the path names none
 * @param resource the plural, {@code ""} for paths that are no resources
 * @param subresource such as {@code status}, {@code ""} for none
 * @param name the object, {@code ""} when the path names none
 * @param fieldSelector of a request for many objects, not parsed yet, {@code ""} for none
 * @param rest the segments after the subresource, for proxies
 */
public record RequestInfo(
        String path,
        String verb,
        String group,
        String version,
        String namespace,
        String resource,
        String subresource,
        String name,
        String fieldSelector,
        List<String> rest) {

    /** What may follow a namespace's name without being a resource in it. */
    private static final Set<String> NAMESPACE_SUBRESOURCES = Set.of("status", "finalize");

    public RequestInfo {
        rest = List.copyOf(rest);
    }

    public boolean isResourceRequest() {
        return !resource.isEmpty();
    }

    /** The group and version of the path. */
    public GroupVersion groupVersion() {
        return new GroupVersion(group, version);
    }

    /** The question this puts to an authorizer. */
    public Authorizer.Attributes attributes() {
        return new Authorizer.Attributes(
                verb, group, version, resource, subresource, namespace, name, fieldSelector, path);
    }

    /**
     * Reads a request line.
     *
     * @param rawPath the path as sent, still escaped
     * @throws ApiException 400 for a path with broken or disguising escapes
     */
    public static RequestInfo parse(String method, String rawPath, Query query) {
        List<String> parts = segments(rawPath);
        String path = "/" + String.join("/", parts);
        boolean core = !parts.isEmpty() && parts.getFirst().equals("api");
        boolean grouped = !parts.isEmpty() && parts.getFirst().equals("apis");
        int versionAt = grouped ? 2 : 1;
        if (!(core || grouped) || parts.size() < versionAt + 2) {
            return new RequestInfo(path, method.toLowerCase(Locale.ROOT), "", "", "", "", "", "", "", List.of());
        }
        String group = grouped ? parts.get(1) : "";
        String version = parts.get(versionAt);
        List<String> rest = parts.subList(versionAt + 1, parts.size());
        boolean watchPrefix = rest.getFirst().equals("watch") && rest.size() > 1;
        if (watchPrefix) {
            rest = rest.subList(1, rest.size());
        }
        String namespace = "";
        if (rest.getFirst().equals("namespaces") && rest.size() > 1) {
            namespace = rest.get(1);
            if (rest.size() > 2 && !NAMESPACE_SUBRESOURCES.contains(rest.get(2))) {
                rest = rest.subList(2, rest.size());
            }
        }
        String name = rest.size() > 1 ? rest.get(1) : "";
        String verb = watchPrefix ? "watch" : verb(method, name, query);
        String fieldSelector = "";
        if (name.isEmpty() && (verb.equals("list") || verb.equals("watch") || verb.equals("deletecollection"))) {
            fieldSelector = query.text("fieldSelector");
            name = selectedName(fieldSelector);
        }
        return new RequestInfo(
                path,
                verb,
                group,
                version,
                namespace,
                rest.getFirst(),
                rest.size() > 2 ? rest.get(2) : "",
                name,
                fieldSelector,
                rest.size() > 3 ? rest.subList(3, rest.size()) : List.of());
    }

    private static String verb(String method, String name, Query query) {
        return switch (method) {
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            case "DELETE" -> name.isEmpty() ? "deletecollection" : "delete";
            case "GET", "HEAD" -> !name.isEmpty() ? "get" : query.flag("watch").orElse(false) ? "watch" : "list";
            default -> method.toLowerCase(Locale.ROOT);
        };
    }

    /** A list narrowed to one name is authorized as if it named the object. */
    private static String selectedName(String selector) {
        if (selector.isEmpty()) {
            return "";
        }
        try {
            for (FieldSelector.Requirement requirement :
                    FieldSelector.parse(selector).requirements()) {
                if (requirement.field().equals("metadata.name") && requirement.equal()) {
                    return requirement.value();
                }
            }
        } catch (IllegalArgumentException e) {
            // The verb reports it, naming the parameter.
            return "";
        }
        return "";
    }

    /** The decoded segments. Nothing that could stand for another path gets through. */
    private static List<String> segments(String rawPath) {
        List<String> parts = new ArrayList<>();
        for (String raw : rawPath.split("/")) {
            if (raw.isEmpty()) {
                continue;
            }
            String part = raw.indexOf('%') < 0 ? raw : unescape(raw);
            if (part.equals(".")
                    || part.equals("..")
                    || part.indexOf('/') >= 0
                    || part.indexOf(';') >= 0
                    || part.indexOf('\\') >= 0
                    || part.chars().anyMatch(each -> each < ' ' || each == 0x7f)) {
                throw ApiException.badRequest("invalid path segment \"" + raw + "\"");
            }
            parts.add(part);
        }
        return parts;
    }

    private static String unescape(String raw) {
        byte[] bytes = new byte[raw.length()];
        int length = 0;
        byte[] source = raw.getBytes(StandardCharsets.UTF_8);
        if (source.length != raw.length()) {
            throw ApiException.badRequest("invalid path segment \"" + raw + "\"");
        }
        for (int i = 0; i < source.length; i++) {
            if (source[i] != '%') {
                bytes[length++] = source[i];
                continue;
            }
            int high = i + 2 < source.length ? Character.digit(source[i + 1], 16) : -1;
            int low = i + 2 < source.length ? Character.digit(source[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                throw ApiException.badRequest("invalid URL escape in path segment \"" + raw + "\"");
            }
            bytes[length++] = (byte) (high << 4 | low);
            i += 2;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
