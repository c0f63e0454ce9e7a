package io.mokube.apiserver.request;

/**
 * The form a client wants objects in.
 *
 * @param view which view of the objects
 * @param metaVersion the version of the view's kind: {@code v1} or {@code v1beta1}; {@code ""} for whole objects
 * @param syntax how it is written
 */
public record Form(View view, String metaVersion, Syntax syntax) {

    /** Whole objects as JSON. */
    public static final Form JSON = new Form(View.OBJECT, "", Syntax.JSON);

    /** A view of objects. */
    public enum View {
        /** The objects themselves. */
        OBJECT,
        /** Rows for people. */
        TABLE,
        /** Metadata only. */
        PARTIAL
    }

    /** How an answer is written. */
    public enum Syntax {
        JSON,
        YAML
    }

    /** The Content-Type of an answer in this form. */
    public String contentType() {
        String base = syntax == Syntax.JSON ? "application/json" : "application/yaml";
        return switch (view) {
            case OBJECT -> base;
            case TABLE -> base + ";as=Table;v=" + metaVersion + ";g=meta.k8s.io";
            case PARTIAL -> base + ";as=PartialObjectMetadata;v=" + metaVersion + ";g=meta.k8s.io";
        };
    }
}
