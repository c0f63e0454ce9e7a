package io.mokube.apiserver.request;

import io.mokube.machinery.error.ApiException;
import java.util.Optional;

/** Finds the form a client wants objects in. Pure. */
public final class Negotiation {

    private static final String SERVED = "application/json, application/yaml";

    private Negotiation() {}

    /**
     * The most wanted form that this server writes.
     *
     * @throws ApiException 406 when there is none
     */
    public static Form form(String accept) {
        for (MediaRange range : MediaRange.parseList(accept)) {
            Optional<Form> form = form(range);
            if (form.isPresent()) {
                return form.get();
            }
        }
        throw ApiException.notAcceptable(SERVED);
    }

    private static Optional<Form> form(MediaRange range) {
        Form.Syntax syntax;
        switch (range.type()) {
            case "application/json", "application/*", "*/*" -> syntax = Form.Syntax.JSON;
            case "application/yaml" -> syntax = Form.Syntax.YAML;
            default -> {
                return Optional.empty();
            }
        }
        String version = range.parameter("v");
        boolean known =
                range.parameter("g").equals("meta.k8s.io") && (version.equals("v1") || version.equals("v1beta1"));
        return switch (range.parameter("as")) {
            case "" -> Optional.of(new Form(Form.View.OBJECT, "", syntax));
            case "Table" -> known ? Optional.of(new Form(Form.View.TABLE, version, syntax)) : Optional.empty();
            case "PartialObjectMetadata", "PartialObjectMetadataList" ->
                known ? Optional.of(new Form(Form.View.PARTIAL, version, syntax)) : Optional.empty();
            default -> Optional.empty();
        };
    }
}
