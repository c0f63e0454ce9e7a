package io.mokube.controllermanager.controllers.history;

import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.mokube.controllermanager.controllers.ownership.CanonicalJson;
import io.mokube.machinery.object.Json;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a revision holds: a strategic merge patch that gives its owner back the template,
 * {@code {"spec":{"template":{…,"$patch":"replace"}}}}. {@code kubectl rollout undo} sends it as it is. Its fields are in
 * alphabetical order, as kubectl writes the one it compares it with. Pure.
 */
public final class RevisionData {

    private static final String PATCH = "$patch";

    private RevisionData() {}

    /** The patch that brings a template back. */
    public static JsonNode of(PodTemplateSpec template) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode replacement = Json.MAPPER.valueToTree(template);
        replacement.put(PATCH, "replace");
        patch.putObject("spec").set("template", replacement);
        return CanonicalJson.sorted(patch);
    }

    /** The template that a revision's patch brings back, if the revision holds one that can be read. */
    public static Optional<PodTemplateSpec> template(ControllerRevision revision) {
        if (json(revision).path("spec").path("template") instanceof ObjectNode replacement) {
            ObjectNode template = replacement.deepCopy();
            template.remove(PATCH);
            try {
                return Optional.of(Json.MAPPER.treeToValue(template, PodTemplateSpec.class));
            } catch (JacksonException e) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** Whether a revision holds this patch; numbers are the same however they were read. */
    static boolean isIn(ControllerRevision revision, JsonNode patch) {
        return CanonicalJson.sorted(json(revision)).toString().equals(patch.toString());
    }

    private static JsonNode json(ControllerRevision revision) {
        return Json.MAPPER.valueToTree(revision.getData());
    }
}
