package io.mokube.apiserver.cache;

import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;
import java.util.Map;

/**
 * An object in the cache: its bytes and the little that selectors look at.
 *
 * @param key {@code namespace/name}, or the name alone for cluster-scoped objects
 * @param object the bytes
 * @param labels the labels
 * @param fields the values of the selectable fields, {@code metadata.name} and {@code metadata.namespace} among them
 */
public record CachedObject(String key, StoredObject object, Map<String, String> labels, FieldValues fields) {

    /** Whether both selectors hold. */
    public boolean matches(LabelSelector labelSelector, FieldSelector fieldSelector) {
        return labelSelector.matches(labels) && fieldSelector.matches(fields::get);
    }
}
