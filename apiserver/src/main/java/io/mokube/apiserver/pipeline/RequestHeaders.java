package io.mokube.apiserver.pipeline;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The headers of a request; names are found whatever their case. */
public interface RequestHeaders {

    /** The values of a header, empty when it was not sent. */
    List<String> all(String name);

    /** The names of all headers. */
    List<String> names();

    /** Keys may hold what header names may not; those are escaped as in URLs. */
    static String unescape(String key) {
        try {
            return URLDecoder.decode(key.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return key;
        }
    }
}
