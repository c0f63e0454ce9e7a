package io.mokube.apiserver.validation;

/** How a request body is written. Protobuf is decoded elsewhere. */
public enum DocumentSyntax {
    JSON,
    YAML
}
