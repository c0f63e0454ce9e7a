package io.mokube.apiserver.cache;

import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;
import java.util.function.Predicate;

/**
 * Which objects of a resource a list or a watch is about.
 *
 * @param namespace {@code ""} for all namespaces, and for cluster-scoped resources
 */
public record Selection(String namespace, LabelSelector labels, FieldSelector fields)
        implements Predicate<CachedObject> {

    /** Everything in a namespace, {@code ""} for all. */
    public static Selection of(String namespace) {
        return new Selection(namespace, LabelSelector.EVERYTHING, FieldSelector.EVERYTHING);
    }

    @Override
    public boolean test(CachedObject object) {
        return isInNamespace(object.key()) && object.matches(labels, fields);
    }

    private boolean isInNamespace(String key) {
        return namespace.isEmpty()
                || (key.length() > namespace.length()
                        && key.charAt(namespace.length()) == '/'
                        && key.startsWith(namespace));
    }

    /** The least key that can be selected. */
    public String firstKey() {
        return namespace.isEmpty() ? "" : namespace + "/";
    }

    /** A key greater than all that can be selected: {@code '0'} follows {@code '/'}. */
    public String endKey() {
        return namespace.isEmpty() ? "\uffff" : namespace + "0";
    }

    /** Whether objects of the key range may be left out by a selector. */
    public boolean isEverythingInRange() {
        return labels.isEmpty() && fields.isEmpty();
    }
}
