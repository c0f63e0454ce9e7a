package io.mokube.apiserver.authz;

import io.mokube.apiserver.authz.Authorizer.Attributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One rule of a role: these verbs on these resources, or on these paths that are no resources.
 *
 * @param verbs {@code *} for all
 * @param groups API groups, {@code *} for all
 * @param resources such as {@code pods}, {@code pods/log}, {@code *}{@code /scale} or {@code *}
 * @param names the objects, none for all
 * @param paths such as {@code /metrics}, {@code /apis/}{@code *} or {@code *}
 */
public record PolicyRule(
        List<String> verbs, List<String> groups, List<String> resources, List<String> names, List<String> paths) {

    private static final String ALL = "*";

    /** Everything there is. */
    static final List<PolicyRule> EVERYTHING = List.of(
            new PolicyRule(List.of(ALL), List.of(ALL), List.of(ALL), List.of(), List.of()),
            new PolicyRule(List.of(ALL), List.of(), List.of(), List.of(), List.of(ALL)));

    public PolicyRule {
        verbs = List.copyOf(verbs);
        groups = List.copyOf(groups);
        resources = List.copyOf(resources);
        names = List.copyOf(names);
        paths = List.copyOf(paths);
    }

    /** The rules of a role; what is no rule is left out. */
    public static List<PolicyRule> all(JsonNode rules) {
        List<PolicyRule> all = new ArrayList<>(rules.size());
        for (JsonNode rule : rules) {
            all.add(new PolicyRule(
                    texts(rule.path("verbs")),
                    texts(rule.path("apiGroups")),
                    texts(rule.path("resources")),
                    texts(rule.path("resourceNames")),
                    texts(rule.path("nonResourceURLs"))));
        }
        return List.copyOf(all);
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>(array.size());
        array.forEach(each -> texts.add(each.asString("")));
        return texts;
    }

    /** Writes the rule as a role holds it. */
    public void writeTo(ObjectNode rule) {
        write(rule, "apiGroups", groups);
        write(rule, "nonResourceURLs", paths);
        write(rule, "resourceNames", names);
        write(rule, "resources", resources);
        write(rule, "verbs", verbs);
    }

    private static void write(ObjectNode rule, String field, List<String> texts) {
        if (!texts.isEmpty()) {
            ArrayNode array = rule.putArray(field);
            texts.forEach(array::add);
        }
    }

    /** Whether the rule allows what is asked. */
    boolean allows(Attributes asked) {
        if (!holds(verbs, asked.verb())) {
            return false;
        }
        if (!asked.isResourceRequest()) {
            return allowsPath(asked.path());
        }
        return holds(groups, asked.group())
                && allowsResource(asked)
                && (names.isEmpty() || names.contains(asked.name()));
    }

    private boolean allowsResource(Attributes asked) {
        String subresource = asked.subresource();
        if (subresource.isEmpty()) {
            return holds(resources, asked.resource());
        }
        for (String resource : resources) {
            if (resource.equals(ALL)
                    || isJoined(resource, asked.resource(), subresource)
                    || isJoined(resource, ALL, subresource)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the text is {@code resource/subresource}, without putting that together. */
    private static boolean isJoined(String text, String resource, String subresource) {
        int slash = resource.length();
        return text.length() == slash + 1 + subresource.length()
                && text.charAt(slash) == '/'
                && text.startsWith(resource)
                && text.endsWith(subresource);
    }

    private boolean allowsPath(String path) {
        for (String allowed : paths) {
            if (allowed.equals(ALL)
                    || allowed.equals(path)
                    || (allowed.endsWith(ALL) && path.startsWith(allowed.substring(0, allowed.length() - 1)))) {
                return true;
            }
        }
        return false;
    }

    private static boolean holds(List<String> texts, String text) {
        for (String each : texts) {
            if (each.equals(text) || each.equals(ALL)) {
                return true;
            }
        }
        return false;
    }

    /** What of these rules is not allowed by the held ones, as rules of one verb and one resource each. */
    public static List<PolicyRule> missing(List<PolicyRule> held, List<PolicyRule> wanted) {
        List<PolicyRule> missing = new ArrayList<>();
        for (PolicyRule rule : wanted) {
            for (PolicyRule part : rule.parts()) {
                if (held.stream().noneMatch(each -> each.covers(part))) {
                    missing.add(part);
                }
            }
        }
        return missing;
    }

    /** Whether whoever holds some rules holds all of these. */
    public static boolean covers(List<PolicyRule> held, List<PolicyRule> wanted) {
        return missing(held, wanted).isEmpty();
    }

    /** The rule as rules of one verb on one resource, perhaps of one name, or on one path. */
    private List<PolicyRule> parts() {
        List<PolicyRule> parts = new ArrayList<>();
        for (String group : groups) {
            for (String resource : resources) {
                for (String verb : verbs) {
                    if (names.isEmpty()) {
                        parts.add(part(verb, group, resource, List.of()));
                    }
                    for (String name : names) {
                        parts.add(part(verb, group, resource, List.of(name)));
                    }
                }
            }
        }
        for (String path : paths) {
            for (String verb : verbs) {
                parts.add(new PolicyRule(List.of(verb), List.of(), List.of(), List.of(), List.of(path)));
            }
        }
        return parts;
    }

    private static PolicyRule part(String verb, String group, String resource, List<String> names) {
        return new PolicyRule(List.of(verb), List.of(group), List.of(resource), names, List.of());
    }

    /** Whether this rule allows all that a rule of one verb on one thing allows. */
    private boolean covers(PolicyRule part) {
        if (!holds(verbs, part.verbs.getFirst())) {
            return false;
        }
        if (!part.paths.isEmpty()) {
            return coversPath(part.paths.getFirst());
        }
        return holds(groups, part.groups.getFirst())
                && coversResource(part.resources.getFirst())
                && (names.isEmpty() || (!part.names.isEmpty() && names.containsAll(part.names)));
    }

    private boolean coversResource(String resource) {
        int slash = resource.indexOf('/');
        return holds(resources, resource) || (slash >= 0 && resources.contains(ALL + resource.substring(slash)));
    }

    private boolean coversPath(String path) {
        if (paths.contains(path)) {
            return true;
        }
        for (String held : paths) {
            if (held.equals(ALL) || (held.endsWith(ALL) && path.startsWith(held.substring(0, held.length() - 1)))) {
                return true;
            }
        }
        return false;
    }

    /** The same rules in fewer words: those of one resource become one. */
    public static List<PolicyRule> compact(List<PolicyRule> rules) {
        List<PolicyRule> compact = new ArrayList<>();
        Map<PolicyRule, List<String>> verbsByThing = new LinkedHashMap<>();
        for (PolicyRule rule : rules) {
            boolean isSimple = rule.paths.isEmpty()
                    && rule.groups.size() == 1
                    && rule.resources.size() == 1
                    && rule.names.size() <= 1;
            if (isSimple) {
                PolicyRule thing = new PolicyRule(List.of(), rule.groups, rule.resources, rule.names, List.of());
                verbsByThing
                        .computeIfAbsent(thing, ignored -> new ArrayList<>())
                        .addAll(rule.verbs);
            } else {
                compact.add(rule);
            }
        }
        verbsByThing.forEach((thing, verbs) -> compact.add(new PolicyRule(
                List.copyOf(new TreeSet<>(verbs)), thing.groups, thing.resources, thing.names, thing.paths)));
        return compact;
    }

    /** The rule as Kubernetes words it in messages: {@code {APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}}. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        describe("APIGroups", groups, parts);
        describe("Resources", resources, parts);
        describe("NonResourceURLs", paths, parts);
        describe("ResourceNames", names, parts);
        describe("Verbs", verbs, parts);
        return "{" + String.join(", ", parts) + "}";
    }

    private static void describe(String field, List<String> texts, List<String> parts) {
        if (!texts.isEmpty()) {
            parts.add(field + ":" + quoted(texts));
        }
    }

    /** {@code ["a" "b"]}. */
    static String quoted(List<String> texts) {
        List<String> quoted = texts.stream()
                .map(each -> "\"" + each.replace("\\", "\\\\").replace("\"", "\\\"") + "\"")
                .toList();
        return "[" + String.join(" ", quoted) + "]";
    }
}
