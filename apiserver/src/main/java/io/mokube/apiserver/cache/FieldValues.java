package io.mokube.apiserver.cache;

import java.util.List;

/**
 * The values of an object's selectable fields. The names are one list shared by all objects of a resource.
 *
 * @param names the fields
 * @param values their values in the same order, {@code ""} where an object has none
 */
public record FieldValues(List<String> names, String[] values) {

    /** The value of a field; {@code ""} for one that is not selectable. */
    public String get(String name) {
        int index = names.indexOf(name);
        return index < 0 ? "" : values[index];
    }
}
