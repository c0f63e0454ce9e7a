package io.mokube.benchmarks;

import java.io.Closeable;
import java.net.URI;
import java.time.Duration;

/** A server under measurement, in a process of its own. */
interface Subject extends Closeable {

    /** How the tables call it. */
    String name();

    /** What is requested. */
    URI target();

    /** The CPU time that its processes have used until now. */
    Duration cpu();

    /** Ends its processes. */
    @Override
    void close();
}
