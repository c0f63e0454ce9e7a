package io.mokube.apiserver.resources;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is particular to one resource, called by the generic path with objects of the storage version. Each method has a
 * default that suits most resources. Implementations hold no state and may be called from many threads; they may be
 * called again for the same request after a lost race.
 */
public interface ResourceStrategy {

    /** Nothing particular. */
    ResourceStrategy PLAIN = new ResourceStrategy() {};

    /** Fills in what the schema's defaults can't express, after decoding, on create, update and patch. */
    default void applyDefaults(KubeObject object) {}

    /** Clears what a client may not set (status) and sets what only the server sets, before validation. */
    default void prepareForCreate(KubeObject object) {}

    /** The same for an update of the object itself: by default keeps the old status where there is a status subresource. */
    default void prepareForUpdate(KubeObject object, KubeObject old) {}

    /** The same for an update of a subresource such as {@code status}: by default keeps everything else as it was. */
    default void prepareForSubresourceUpdate(String subresource, KubeObject object, KubeObject old) {}

    /** Adds what is wrong with a new object. */
    default void validateCreate(KubeObject object, List<FieldError> errors) {}

    /** Adds what is wrong with a changed object; immutable fields are compared here. */
    default void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {}

    /** Adds what is wrong with an object changed through a subresource. */
    default void validateSubresourceUpdate(
            String subresource, KubeObject object, KubeObject old, List<FieldError> errors) {}

    /** Marks an object whose deletion is asked for, before anything is decided about it. */
    default void prepareForDelete(KubeObject object) {}

    /**
     * Turns an object from the store into the version this strategy works on, in place. Only custom resources work on
     * versions other than the one they are stored in.
     */
    default void fromStored(KubeObject object) {}

    /** Turns an object of the version this strategy works on into the one to be stored; the object itself stays as it is. */
    default KubeObject toStored(KubeObject object) {
        return object;
    }

    /**
     * Brings an object from the store up to a definition that has changed since it was written: new defaults, another
     * storage version. Called once for each object the cache takes in.
     *
     * @return whether the object changed
     */
    default boolean refresh(KubeObject stored) {
        return false;
    }

    /** Where {@code scale} finds the replicas. */
    default ScalePaths scalePaths() {
        return ScalePaths.STANDARD;
    }

    /** Sentences for {@code Warning} headers. */
    default List<String> warnings(KubeObject object, @Nullable KubeObject old) {
        return List.of();
    }

    /** The fields that field selectors may name, beside {@code metadata.name} and {@code metadata.namespace}. */
    default Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of();
    }

    /** Whether {@code metadata.generation} counts changes of the spec. */
    default boolean hasGeneration() {
        return true;
    }

    /** Whether a changed status counts too, because clients write it like everything else. */
    default boolean countsStatus() {
        return false;
    }

    /** Whether a PUT to a name that does not exist creates it. */
    default boolean allowsCreateOnUpdate() {
        return false;
    }

    /** Whether a PUT may come without a resourceVersion. */
    default boolean allowsUnconditionalUpdate() {
        return true;
    }

    /** How a name is checked; by default as an RFC 1123 subdomain. Returns the explanation for a bad name, or null. */
    default @Nullable String checkName(String name) {
        return NameFormat.dnsSubdomain(name).orElse(null);
    }

    /**
     * How long the object stays after its deletion was asked for, or null to go at once. Only pods have one.
     *
     * @param requested what the client asked for, or null
     */
    default @Nullable Duration gracePeriod(KubeObject object, @Nullable Duration requested) {
        return null;
    }

    /** After what time the store drops the object by itself, or null for never. Events live an hour. */
    default @Nullable Duration timeToLive(KubeObject object) {
        return null;
    }
}
