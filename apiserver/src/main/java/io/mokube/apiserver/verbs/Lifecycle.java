package io.mokube.apiserver.verbs;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The part of an object's metadata that belongs to the server. Pure functions over trees. */
final class Lifecycle {

    /** Without vowels, so that no words come out, and without what is easily confused. */
    private static final String NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

    private static final int SUFFIX_LENGTH = 5;
    private static final int LONGEST_GENERATED = 63;

    private static final List<String> KEPT =
            List.of("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation");

    private Lifecycle() {}

    /** Makes a decoded object a new one. */
    static void begin(KubeObject object, Instant now, RandomGenerator random) {
        ObjectNode metadata = object.metadata();
        metadata.remove(List.of(
                "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"));
        metadata.put("uid", uid(random));
        metadata.put("creationTimestamp", timestamp(now));
    }

    /** Takes over what a client may leave out of an update; what it says differently stays, for validation to refuse. */
    static void carryOver(KubeObject object, KubeObject old) {
        ObjectNode metadata = object.metadata();
        metadata.remove(List.of("selfLink", "generation"));
        for (String field : KEPT) {
            JsonNode before = old.metadata().get(field);
            JsonNode given = metadata.get(field);
            if (before != null && (given == null || given.isNull())) {
                metadata.set(field, before);
            }
        }
    }

    /** A name that is probably free. */
    static String generateName(String prefix, RandomGenerator random) {
        StringBuilder name = new StringBuilder(
                prefix.length() > LONGEST_GENERATED - SUFFIX_LENGTH
                        ? prefix.substring(0, LONGEST_GENERATED - SUFFIX_LENGTH)
                        : prefix);
        for (int i = 0; i < SUFFIX_LENGTH; i++) {
            name.append(NAME_LETTERS.charAt(random.nextInt(NAME_LETTERS.length())));
        }
        return name.toString();
    }

    /** Whether anything but type, metadata and mostly the status differs: what a generation counts. */
    static boolean isDesireChanged(KubeObject object, KubeObject old, boolean countsStatus) {
        return !desire(object, countsStatus).equals(desire(old, countsStatus));
    }

    private static ObjectNode desire(KubeObject object, boolean withStatus) {
        ObjectNode desire = Json.MAPPER.createObjectNode();
        for (Map.Entry<String, JsonNode> field : object.root().properties()) {
            switch (field.getKey()) {
                case "kind", "apiVersion", "metadata" -> {}
                case "status" -> {
                    if (withStatus) {
                        desire.set("status", field.getValue());
                    }
                }
                default -> desire.set(field.getKey(), field.getValue());
            }
        }
        return desire;
    }

    static void setGeneration(KubeObject object, long generation) {
        object.metadata().put("generation", generation);
    }

    /** Whether something keeps the object from going: a finalizer, of a namespace also those of its spec. */
    static boolean hasFinalizers(KubeObject object) {
        return !object.finalizers().isEmpty()
                || (object.kind().equals("Namespace")
                        && object.apiVersion().equals("v1")
                        && !object.at("spec", "finalizers").isEmpty());
    }

    /** Whether the last thing that kept a dying object is gone. */
    static boolean isDone(KubeObject object) {
        return object.isBeingDeleted()
                && !hasFinalizers(object)
                && object.at("metadata", "deletionGracePeriodSeconds").asLong(0) == 0;
    }

    static String timestamp(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String uid(RandomGenerator random) {
        byte[] bytes = new byte[2 * Long.BYTES];
        // At once: each request of a secure generator costs as much as this one.
        random.nextBytes(bytes);
        ByteBuffer numbers = ByteBuffer.wrap(bytes);
        long high = (numbers.getLong() & ~0xF000L) | 0x4000L;
        long low = (numbers.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low).toString();
    }

    /** The seconds left of an object's grace, or null when it is not dying. */
    static @Nullable Long graceSeconds(KubeObject object) {
        return object.isBeingDeleted()
                ? (Long) object.at("metadata", "deletionGracePeriodSeconds").asLong(0)
                : null;
    }
}
