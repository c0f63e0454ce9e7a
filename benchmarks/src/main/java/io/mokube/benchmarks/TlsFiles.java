package io.mokube.benchmarks;

import java.nio.file.Path;

/** A serving certificate and its key, in PEM files. */
record TlsFiles(Path chain, Path key) {}
