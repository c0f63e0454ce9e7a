package io.mokube.apiserver.verbs;

import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What the wish to delete does to an object: it goes at once, or is marked and waits for its grace or its finalizers. */
final class Deletion {

    private static final String ORPHAN = "orphan";
    private static final String FOREGROUND = "foregroundDeletion";

    private Deletion() {}

    /** Decides; changes the object. */
    static Change decide(ResourceDefinition definition, KubeObject object, DeleteOptions options, Instant now) {
        checkPreconditions(definition, object, options);
        definition.strategy().prepareForDelete(object);
        boolean refinalized = setPropagation(object, options.propagation());
        Duration wanted = definition.strategy().gracePeriod(object, options.grace());
        long grace = wanted == null ? 0 : wanted.toSeconds();
        Long running = Lifecycle.graceSeconds(object);
        if (running != null) {
            // A deletion that runs can be hurried, never delayed; asking again without a grace changes nothing.
            grace = options.grace() == null && grace > 0 ? running : Math.min(running, grace);
        }
        if (grace == 0 && !Lifecycle.hasFinalizers(object)) {
            return new Change.Delete(object);
        }
        if (running == null) {
            mark(object, now.plusSeconds(grace), grace);
            if (object.generation() > 0) {
                Lifecycle.setGeneration(object, object.generation() + 1);
            }
            return new Change.Write(object);
        }
        if (grace < running) {
            Instant end = Objects.requireNonNull(object.deletionTimestamp());
            mark(object, end.minusSeconds(running - grace), grace);
            return new Change.Write(object);
        }
        return refinalized ? new Change.Write(object) : new Change.Keep();
    }

    private static void checkPreconditions(ResourceDefinition definition, KubeObject object, DeleteOptions options) {
        if (!options.uid().isEmpty() && !options.uid().equals(object.uid())) {
            throw precondition(definition, object, "UID", options.uid(), "UID", object.uid());
        }
        if (!options.resourceVersion().isEmpty() && !options.resourceVersion().equals(object.resourceVersion())) {
            throw precondition(
                    definition,
                    object,
                    "ResourceVersion",
                    options.resourceVersion(),
                    "ResourceVersion",
                    object.resourceVersion());
        }
    }

    private static ApiException precondition(
            ResourceDefinition definition,
            KubeObject object,
            String field,
            String wanted,
            String actualField,
            String actual) {
        return ApiException.conflict(
                definition.groupResource(),
                object.name(),
                "Precondition failed: " + field + " in precondition: " + wanted + ", " + actualField
                        + " in object meta: " + actual);
    }

    /** Leaves word for the garbage collector, by finalizers. Returns whether that changed the object. */
    private static boolean setPropagation(KubeObject object, DeleteOptions.@Nullable Propagation propagation) {
        if (propagation == null) {
            return false;
        }
        List<String> before = object.finalizers();
        List<String> after = new ArrayList<>(before);
        after.removeAll(List.of(ORPHAN, FOREGROUND));
        switch (propagation) {
            case ORPHAN -> after.add(ORPHAN);
            case FOREGROUND -> after.add(FOREGROUND);
            case BACKGROUND -> {}
        }
        if (after.equals(before)) {
            return false;
        }
        object.setFinalizers(after);
        return true;
    }

    private static void mark(KubeObject object, Instant at, long grace) {
        object.metadata().put("deletionTimestamp", Lifecycle.timestamp(at));
        object.metadata().put("deletionGracePeriodSeconds", grace);
        if (object.kind().equals("Namespace") && object.apiVersion().equals("v1")) {
            ObjectNode status = object.root().get("status") instanceof ObjectNode present
                    ? present
                    : object.root().putObject("status");
            status.put("phase", "Terminating");
        }
    }
}
