package io.mokube.client.informer;

import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;

/**
 * Which objects of a resource an informer holds.
 *
 * @param namespace the objects of one namespace, or of all with {@code ""}
 */
public record Selection(String namespace, LabelSelector labels, FieldSelector fields) {

    /** Every object. */
    public static final Selection ALL = new Selection("", LabelSelector.EVERYTHING, FieldSelector.EVERYTHING);

    public Selection withNamespace(String only) {
        return new Selection(only, labels, fields);
    }

    public Selection withLabels(LabelSelector selector) {
        return new Selection(namespace, selector, fields);
    }

    public Selection withFields(FieldSelector selector) {
        return new Selection(namespace, labels, selector);
    }
}
