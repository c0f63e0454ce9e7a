package io.mokube.apiserver.crd;

import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.node.ObjectNode;

/**
 * The versions of a custom resource and the way between them. Safe for use by many threads.
 *
 * <p>Where all versions have one schema, objects in the cache are complete and the way is a change of name. Else an
 * object is completed for the version it is read in each time it is read, because fields that only one version knows
 * stay in the store.
 */
final class Versions {

    private final String group;
    private final String kind;
    private final String storage;
    private final boolean sameSchema;
    private final Converter converter;
    private final Map<String, Lazy<CustomForm>> forms;

    /** Turns objects of other versions into one; sets {@code apiVersion} too. */
    @FunctionalInterface
    interface Converter {

        /** Versions that differ in nothing but their name. */
        Converter RENAMING =
                (objects, apiVersion) -> objects.forEach(each -> each.root().put("apiVersion", apiVersion));

        void convert(List<KubeObject> objects, String apiVersion);
    }

    /**
     * @param storage the version objects are stored in
     * @param forms of all versions, served or not, by their names
     */
    Versions(
            String group,
            String kind,
            String storage,
            boolean sameSchema,
            Converter converter,
            Map<String, Lazy<CustomForm>> forms) {
        this.group = group;
        this.kind = kind;
        this.storage = storage;
        this.sameSchema = sameSchema;
        this.converter = converter;
        this.forms = Map.copyOf(forms);
    }

    CustomForm form(String version) {
        return Objects.requireNonNull(forms.get(version)).get();
    }

    String apiVersion(String version) {
        return group + "/" + version;
    }

    /** Turns stored objects into a version, in place. What is in that version already may still be completed. */
    void read(List<KubeObject> objects, String version) {
        convert(objects, version);
        if (!isCompleteInCache()) {
            objects.forEach(each -> form(version).complete(each));
        }
    }

    /** The same for an object that a write begins with: it may come from the store, past the cache. */
    void readForWrite(KubeObject object, String version) {
        convert(List.of(object), version);
        form(version).complete(object);
    }

    private void convert(List<KubeObject> objects, String version) {
        String wanted = apiVersion(version);
        List<KubeObject> others = objects.stream()
                .filter(each -> !each.apiVersion().equals(wanted))
                .toList();
        if (!others.isEmpty()) {
            converter.convert(others, wanted);
        }
    }

    /** Whether the way between versions leads through a webhook. */
    boolean asksSomeone() {
        return converter != Converter.RENAMING;
    }

    /** The object as it is stored. */
    KubeObject store(KubeObject object) {
        String wanted = apiVersion(storage);
        if (object.apiVersion().equals(wanted)) {
            return object;
        }
        KubeObject copy = object.deepCopy();
        converter.convert(List.of(copy), wanted);
        return copy;
    }

    /** Completes an object that comes from the store into the cache, as far as that needs no one else. */
    boolean refresh(KubeObject stored) {
        if (!isCompleteInCache()) {
            return false;
        }
        ObjectNode before = stored.root().deepCopy();
        stored.root().put("apiVersion", apiVersion(storage));
        form(storage).complete(stored);
        return !before.equals(stored.root());
    }

    /** Tells stored bytes that are, as they are, objects of a version. */
    Prefix prefix(String version) {
        return new Prefix(
                ("{\"kind\":\"" + kind + "\",\"apiVersion\":\"" + apiVersion(version) + "\"")
                        .getBytes(StandardCharsets.UTF_8),
                isCompleteInCache());
    }

    private boolean isCompleteInCache() {
        return sameSchema && !asksSomeone();
    }

    /** How stored objects of a version begin. */
    record Prefix(byte[] bytes, boolean completeInCache) {

        boolean isOf(byte[] value) {
            return completeInCache
                    && value.length > bytes.length
                    && Arrays.equals(value, 0, bytes.length, bytes, 0, bytes.length);
        }
    }
}
