package io.mokube.apiserver.crd;

import io.mokube.apiserver.crd.DefinitionStatus.Condition;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Decides which names a definition gets: those that nobody in its group had before. Pure. */
final class NameConflicts {

    private final JsonNode wanted;
    private final JsonNode accepted;
    private final Set<String> resources = new HashSet<>();
    private final Set<String> kinds = new HashSet<>();
    private final ObjectNode result;
    private String reason = "";
    private String message = "";

    /** The names a definition gets and whether those are all it wanted. */
    record Decision(ObjectNode acceptedNames, Condition condition) {

        boolean accepted() {
            return condition.status();
        }
    }

    /** The names of one resource of the group. */
    record Names(List<String> resources, List<String> kinds) {

        static Names of(JsonNode names) {
            List<String> resources = new ArrayList<>();
            resources.add(text(names, "plural"));
            resources.add(text(names, "singular"));
            names.path("shortNames").forEach(each -> resources.add(each.asString("")));
            return new Names(resources, List.of(text(names, "kind"), text(names, "listKind")));
        }
    }

    private NameConflicts(KubeObject definition, Collection<Names> others) {
        this.wanted = definition.at("spec", "names");
        this.accepted = definition.at("status", "acceptedNames");
        this.result = accepted instanceof ObjectNode names ? names.deepCopy() : Json.MAPPER.createObjectNode();
        for (Names each : others) {
            resources.addAll(each.resources());
            kinds.addAll(each.kinds());
        }
        resources.remove("");
        kinds.remove("");
    }

    /** @param others the names of all other resources of the group */
    static Decision decide(KubeObject definition, Collection<Names> others) {
        return new NameConflicts(definition, others).decide();
    }

    private Decision decide() {
        claim("plural", resources, "PluralConflict");
        claim("singular", resources, "SingularConflict");
        shortNames();
        claim("kind", kinds, "KindConflict");
        claim("listKind", kinds, "ListKindConflict");
        JsonNode categories = wanted.get("categories");
        if (categories == null) {
            result.remove("categories");
        } else {
            result.set("categories", categories.deepCopy());
        }
        return new Decision(
                result,
                reason.isEmpty()
                        ? new Condition(DefinitionStatus.NAMES_ACCEPTED, true, "NoConflicts", "no conflicts found")
                        : new Condition(DefinitionStatus.NAMES_ACCEPTED, false, reason, message));
    }

    private void claim(String field, Set<String> taken, String conflict) {
        String name = text(wanted, field);
        if (name.equals(text(accepted, field)) || !taken.contains(name)) {
            if (!name.isEmpty()) {
                result.put(field, name);
            }
        } else {
            refuse(conflict, "\"" + name + "\" is already in use");
        }
    }

    private void shortNames() {
        Set<String> before = new HashSet<>();
        accepted.path("shortNames").forEach(each -> before.add(each.asString("")));
        List<String> problems = new ArrayList<>();
        for (JsonNode name : wanted.path("shortNames")) {
            String text = name.asString("");
            if (!before.contains(text) && resources.contains(text)) {
                problems.add("\"" + text + "\" is already in use");
            }
        }
        if (problems.isEmpty()) {
            if (wanted.path("shortNames") instanceof ArrayNode names) {
                result.set("shortNames", names.deepCopy());
            } else {
                result.remove("shortNames");
            }
        } else {
            refuse(
                    "ShortNamesConflict",
                    problems.size() == 1 ? problems.getFirst() : "[" + String.join(", ", problems) + "]");
        }
    }

    /** Of several conflicts the last is told, as Kubernetes does. */
    private void refuse(String conflict, String why) {
        reason = conflict;
        message = why;
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asString("");
    }
}
