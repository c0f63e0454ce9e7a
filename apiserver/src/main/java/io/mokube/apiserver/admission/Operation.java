package io.mokube.apiserver.admission;

/** What a write does to its object. */
public enum Operation {
    CREATE,
    UPDATE,
    DELETE,
    CONNECT
}
