package io.mokube.apiserver.pipeline;

import java.util.List;

/** The headers of a request; names are found whatever their case. */
public interface RequestHeaders {

    /** The values of a header, empty when it was not sent. */
    List<String> all(String name);

    /** The names of all headers. */
    List<String> names();
}
