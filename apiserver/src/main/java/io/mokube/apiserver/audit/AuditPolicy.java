package io.mokube.apiserver.audit;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Which requests are told, and how much of each: the first rule that means a request decides. What no rule means is not
 * told.
 */
final class AuditPolicy {

    private static final String API_VERSION = "audit.k8s.io/v1";

    private final List<Rule> rules;

    /**
     * What becomes of a request.
     *
     * @param omitted the stages that are not told
     * @param withoutManagedFields whether objects are told without their managed fields
     */
    record Verdict(AuditLevel level, Set<AuditStage> omitted, boolean withoutManagedFields) {

        static final Verdict NOTHING = new Verdict(AuditLevel.NONE, Set.of(), false);

        boolean tells(AuditStage stage) {
            return level != AuditLevel.NONE && !omitted.contains(stage);
        }
    }

    /** Resources of one group that a rule means; empty lists mean all. */
    private record Resources(String group, List<String> resources, List<String> names) {

        boolean mean(RequestInfo info) {
            if (!group.equals(info.group())) {
                return false;
            }
            return resources.isEmpty()
                    || ((names.isEmpty() || names.contains(info.name()))
                            && resources.stream().anyMatch(each -> means(each, info)));
        }

        private static boolean means(String resource, RequestInfo info) {
            String subresource = info.subresource();
            String asked = subresource.isEmpty() ? info.resource() : info.resource() + "/" + subresource;
            return resource.equals("*")
                    || resource.equals(asked)
                    || (!subresource.isEmpty() && resource.equals("*/" + subresource))
                    || resource.equals(info.resource() + "/*");
        }
    }

    private record Rule(
            Verdict verdict,
            List<String> users,
            List<String> groups,
            List<String> verbs,
            List<Resources> resources,
            List<String> namespaces,
            List<String> paths) {

        boolean means(User user, RequestInfo info) {
            if ((!users.isEmpty() && !users.contains(user.name()))
                    || (!groups.isEmpty() && groups.stream().noneMatch(user::isInGroup))
                    || (!verbs.isEmpty() && !verbs.contains(info.verb()))) {
                return false;
            }
            if (!namespaces.isEmpty() || !resources.isEmpty()) {
                return info.isResourceRequest()
                        && (namespaces.isEmpty() || namespaces.contains(info.namespace()))
                        && (resources.isEmpty() || resources.stream().anyMatch(each -> each.mean(info)));
            }
            return paths.isEmpty()
                    || (!info.isResourceRequest() && paths.stream().anyMatch(each -> meansPath(each, info.path())));
        }

        private static boolean meansPath(String pattern, String path) {
            return pattern.endsWith("*")
                    ? path.startsWith(pattern.substring(0, pattern.length() - 1))
                    : path.equals(pattern);
        }
    }

    private AuditPolicy(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    /**
     * Reads a policy.
     *
     * @throws ComponentException when the file can't be read or makes no sense, saying what to correct
     */
    static AuditPolicy read(Path file) {
        try {
            JsonNode policy = new YAMLMapper().readTree(Files.readAllBytes(file));
            if (!policy.path("apiVersion").asString("").equals(API_VERSION)
                    || !policy.path("kind").asString("").equals("Policy")) {
                throw new IllegalArgumentException("it must be of kind Policy, apiVersion " + API_VERSION);
            }
            if (policy.path("rules").isEmpty()) {
                throw new IllegalArgumentException("it has no rules");
            }
            Set<AuditStage> omitted = stages(policy.path("omitStages"), "omitStages");
            boolean withoutManagedFields = policy.path("omitManagedFields").asBoolean(false);
            List<Rule> rules = new ArrayList<>();
            for (JsonNode rule : policy.path("rules")) {
                rules.add(rule(rule, "rules[" + rules.size() + "]", omitted, withoutManagedFields));
            }
            return new AuditPolicy(rules);
        } catch (IOException | JacksonException | IllegalArgumentException e) {
            throw new ComponentException("the audit policy " + file + " can't be used: " + e.getMessage(), e);
        }
    }

    private static Rule rule(JsonNode rule, String path, Set<AuditStage> omitted, boolean withoutManagedFields) {
        Set<AuditStage> all = EnumSet.noneOf(AuditStage.class);
        all.addAll(omitted);
        all.addAll(stages(rule.path("omitStages"), path + ".omitStages"));
        List<Resources> resources = new ArrayList<>();
        for (JsonNode each : rule.path("resources")) {
            Resources read = new Resources(
                    each.path("group").asString(""), texts(each.path("resources")), texts(each.path("resourceNames")));
            if (!read.names().isEmpty() && read.resources().isEmpty()) {
                throw new IllegalArgumentException(path + ".resources: resourceNames need resources");
            }
            resources.add(read);
        }
        List<String> namespaces = texts(rule.path("namespaces"));
        List<String> paths = texts(rule.path("nonResourceURLs"));
        if (!paths.isEmpty() && !(resources.isEmpty() && namespaces.isEmpty())) {
            throw new IllegalArgumentException(
                    path + ".nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs");
        }
        for (String each : paths) {
            boolean wild = each.indexOf('*') >= 0;
            if ((!each.equals("*") && !each.startsWith("/")) || (wild && each.indexOf('*') != each.length() - 1)) {
                throw new IllegalArgumentException(path + ".nonResourceURLs: \"" + each
                        + "\" must begin with a '/', and '*' may only be the last character");
            }
        }
        return new Rule(
                new Verdict(
                        level(rule.path("level").asString(""), path),
                        all,
                        rule.path("omitManagedFields").asBoolean(withoutManagedFields)),
                texts(rule.path("users")),
                texts(rule.path("userGroups")),
                texts(rule.path("verbs")),
                List.copyOf(resources),
                namespaces,
                paths);
    }

    private static AuditLevel level(String text, String path) {
        for (AuditLevel level : AuditLevel.values()) {
            if (level.text().equals(text)) {
                return level;
            }
        }
        throw new IllegalArgumentException(
                path + ".level: \"" + text + "\" is none of None, Metadata, Request, RequestResponse");
    }

    private static Set<AuditStage> stages(JsonNode list, String path) {
        Set<AuditStage> stages = new HashSet<>();
        for (String text : texts(list)) {
            AuditStage found = null;
            for (AuditStage stage : AuditStage.values()) {
                found = stage.text().equals(text) ? stage : found;
            }
            if (found == null) {
                throw new IllegalArgumentException(path + ": \"" + text
                        + "\" is none of RequestReceived, ResponseStarted, ResponseComplete, Panic");
            }
            stages.add(found);
        }
        return stages;
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(each -> texts.add(each.asString("")));
        return List.copyOf(texts);
    }

    /** What becomes of a user's request. */
    Verdict of(User user, RequestInfo info) {
        for (Rule rule : rules) {
            if (rule.means(user, info)) {
                return rule.verdict();
            }
        }
        return Verdict.NOTHING;
    }
}
