package io.mokube.apiserver.flowcontrol;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Sorts requests: those that it matches go to its priority level, in flows by user, by namespace, or all in one. Pure.
 *
 * @param uid {@code ""} for one that is not stored yet
 * @param precedence the lowest number that matches wins; among equals the name decides
 */
record FlowSchema(
        String name, String uid, int precedence, String priorityLevel, Distinguisher distinguisher, List<Rule> rules)
        implements Comparable<FlowSchema> {

    private static final String ALL = "*";
    private static final String SERVICE_ACCOUNT = "system:serviceaccount:";

    FlowSchema {
        rules = List.copyOf(rules);
    }

    /** What tells the flows of one schema apart. */
    enum Distinguisher {
        NOTHING,
        USER,
        NAMESPACE
    }

    /** Matches a request of one of the subjects that one of the two lists takes. */
    record Rule(List<Subject> subjects, List<ResourceRule> resources, List<PathRule> paths) {

        Rule {
            subjects = List.copyOf(subjects);
            resources = List.copyOf(resources);
            paths = List.copyOf(paths);
        }

        boolean matches(User user, Attributes asked) {
            for (Subject subject : subjects) {
                if (subject.matches(user)) {
                    return asked.isResourceRequest() ? takesResource(asked) : takesPath(asked);
                }
            }
            return false;
        }

        private boolean takesResource(Attributes asked) {
            for (ResourceRule rule : resources) {
                if (rule.matches(asked)) {
                    return true;
                }
            }
            return false;
        }

        private boolean takesPath(Attributes asked) {
            for (PathRule rule : paths) {
                if (rule.matches(asked)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** Who asks. */
    sealed interface Subject {

        boolean matches(User user);

        record Everybody() implements Subject {
            @Override
            public boolean matches(User user) {
                return true;
            }
        }

        record Group(String name) implements Subject {
            @Override
            public boolean matches(User user) {
                return user.isInGroup(name);
            }
        }

        record Named(String name) implements Subject {
            @Override
            public boolean matches(User user) {
                return user.name().equals(name);
            }
        }

        /** All service accounts of a namespace. */
        record AccountsOf(String namespace) implements Subject {
            @Override
            public boolean matches(User user) {
                return user.name().startsWith(SERVICE_ACCOUNT + namespace + ":");
            }
        }
    }

    /** Matches requests about resources. */
    record ResourceRule(
            List<String> verbs,
            List<String> groups,
            List<String> resources,
            boolean clusterScope,
            List<String> namespaces) {

        boolean matches(Attributes asked) {
            return has(verbs, asked.verb())
                    && has(groups, asked.group())
                    && has(
                            resources,
                            asked.subresource().isEmpty()
                                    ? asked.resource()
                                    : asked.resource() + "/" + asked.subresource())
                    && (asked.namespace().isEmpty() ? clusterScope : has(namespaces, asked.namespace()));
        }
    }

    /** Matches requests about paths that are no resources. */
    record PathRule(List<String> verbs, List<String> paths) {

        boolean matches(Attributes asked) {
            return has(verbs, asked.verb())
                    && paths.stream()
                            .anyMatch(path -> path.equals(ALL)
                                    || path.equals(asked.path())
                                    || (path.endsWith("/*")
                                            && asked.path().startsWith(path.substring(0, path.length() - 1))));
        }
    }

    /** Every request asks this of several schemas. */
    boolean matches(User user, Attributes asked) {
        for (Rule rule : rules) {
            if (rule.matches(user, asked)) {
                return true;
            }
        }
        return false;
    }

    /** What all requests of one flow have in common; only good within this schema. */
    String flowOf(User user, Attributes asked) {
        return switch (distinguisher) {
            case NOTHING -> "";
            case USER -> user.name();
            case NAMESPACE -> asked.namespace();
        };
    }

    @Override
    public int compareTo(FlowSchema other) {
        int byPrecedence = Integer.compare(precedence, other.precedence);
        return byPrecedence == 0 ? name.compareTo(other.name) : byPrecedence;
    }

    static FlowSchema of(KubeObject object) {
        JsonNode spec = object.at("spec");
        List<Rule> rules = new ArrayList<>();
        for (JsonNode rule : spec.path("rules")) {
            List<Subject> subjects = new ArrayList<>();
            rule.path("subjects").forEach(subject -> subjects.add(subject(subject)));
            List<ResourceRule> resources = new ArrayList<>();
            rule.path("resourceRules")
                    .forEach(each -> resources.add(new ResourceRule(
                            texts(each, "verbs"),
                            texts(each, "apiGroups"),
                            texts(each, "resources"),
                            each.path("clusterScope").asBoolean(false),
                            texts(each, "namespaces"))));
            List<PathRule> paths = new ArrayList<>();
            rule.path("nonResourceRules")
                    .forEach(each -> paths.add(new PathRule(texts(each, "verbs"), texts(each, "nonResourceURLs"))));
            rules.add(new Rule(subjects, resources, paths));
        }
        Distinguisher distinguisher =
                switch (spec.path("distinguisherMethod").path("type").asString("")) {
                    case "ByUser" -> Distinguisher.USER;
                    case "ByNamespace" -> Distinguisher.NAMESPACE;
                    default -> Distinguisher.NOTHING;
                };
        return new FlowSchema(
                object.name(),
                object.uid(),
                spec.path("matchingPrecedence").asInt(1000),
                spec.path("priorityLevelConfiguration").path("name").asString(""),
                distinguisher,
                rules);
    }

    private static Subject subject(JsonNode subject) {
        String kind = subject.path("kind").asString("");
        if (kind.equals("ServiceAccount")) {
            JsonNode account = subject.path("serviceAccount");
            String namespace = account.path("namespace").asString("");
            String name = account.path("name").asString("");
            return name.equals(ALL)
                    ? new Subject.AccountsOf(namespace)
                    : new Subject.Named(SERVICE_ACCOUNT + namespace + ":" + name);
        }
        boolean group = kind.equals("Group");
        String name = subject.path(group ? "group" : "user").path("name").asString("");
        if (name.equals(ALL)) {
            return new Subject.Everybody();
        }
        return group ? new Subject.Group(name) : new Subject.Named(name);
    }

    private static List<String> texts(JsonNode node, String field) {
        List<String> texts = new ArrayList<>();
        node.path(field).forEach(each -> texts.add(each.asString("")));
        return List.copyOf(texts);
    }

    private static boolean has(List<String> allowed, String value) {
        return allowed.contains(ALL) || allowed.contains(value);
    }
}
