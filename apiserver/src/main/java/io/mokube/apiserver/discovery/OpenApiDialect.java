package io.mokube.apiserver.discovery;

/** The two versions of OpenAPI. They differ in where definitions stand and in how parameters, bodies and answers are written. */
enum OpenApiDialect {
    V2("#/definitions/"),
    V3("#/components/schemas/");

    private final String definitions;

    OpenApiDialect(String definitions) {
        this.definitions = definitions;
    }

    /** What a reference to a definition begins with. */
    String definitions() {
        return definitions;
    }
}
