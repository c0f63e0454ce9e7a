package io.mokube.apiserver.request;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;

/** A request as it came over the wire, for those who pass it on to somebody else. */
public interface RawRequest {

    /** Such as {@code GET}. */
    String method();

    /** The path as sent, still escaped. */
    String path();

    /** What came after the question mark, still escaped; {@code ""} for nothing. */
    String query();

    /** All headers in the order sent. */
    List<Header> headers();

    /** The body, to be read once, without a limit. */
    InputStream body() throws IOException;

    /** A header. */
    record Header(String name, String value) {}

    /** The protocol that the client wants to go on in, in lower case; {@code ""} when it wants to stay with HTTP. */
    default String upgrade() {
        boolean wanted = headers().stream()
                .filter(header -> header.name().equalsIgnoreCase("Connection"))
                .anyMatch(header -> header.value().toLowerCase(Locale.ROOT).contains("upgrade"));
        return wanted ? header("Upgrade").toLowerCase(Locale.ROOT) : "";
    }

    /** The first header of that name, {@code ""} when there is none. */
    default String header(String name) {
        return headers().stream()
                .filter(header -> header.name().equalsIgnoreCase(name))
                .map(Header::value)
                .findFirst()
                .orElse("");
    }
}
