package io.mokube.kubelet.log;

import io.mokube.machinery.object.Json;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One line of a log file. CRI's form is {@code TIME stdout|stderr F|P TEXT}, Docker's a JSON object with {@code time},
 * {@code stream} and {@code log}. A line of the container that was too long for one is split: all but its last part are
 * marked {@code P} in the one form, and have no end of line in the other.
 *
 * @param partial whether the container's line goes on in the next one
 * @param text what the container wrote, with the end of the line unless partial
 */
record LogLine(String time, String stream, boolean partial, byte[] text) {

    /** So much of a line in CRI's form tells whether it is partial. */
    private static final int HEAD_BYTES = 64;

    /** The line, given with its end; empty when it is in neither form. */
    static Optional<LogLine> parse(byte[] line) {
        return line.length > 0 && line[0] == '{' ? json(line) : cri(line);
    }

    private static Optional<LogLine> json(byte[] line) {
        JsonNode entry;
        try {
            entry = Json.MAPPER.readTree(line);
        } catch (JacksonException e) {
            return Optional.empty();
        }
        String text = entry.path("log").asString("");
        return Optional.of(new LogLine(
                entry.path("time").asString(""),
                entry.path("stream").asString(""),
                !text.endsWith("\n"),
                text.getBytes(StandardCharsets.UTF_8)));
    }

    private static Optional<LogLine> cri(byte[] line) {
        int first = space(line, 0);
        int second = first < 0 ? -1 : space(line, first + 1);
        int third = second < 0 ? -1 : space(line, second + 1);
        if (third < 0) {
            return Optional.empty();
        }
        boolean partial = line[second + 1] == 'P';
        int end = line[line.length - 1] == '\n' && partial ? line.length - 1 : line.length;
        return Optional.of(new LogLine(
                new String(line, 0, first, StandardCharsets.US_ASCII),
                new String(line, first + 1, second - first - 1, StandardCharsets.US_ASCII),
                partial,
                Arrays.copyOfRange(line, third + 1, end)));
    }

    private static int space(byte[] line, int from) {
        for (int i = from; i < line.length; i++) {
            if (line[i] == ' ') {
                return i;
            }
        }
        return -1;
    }

    /** How many of a line's bytes {@link #partial(byte[])} wants, by its first one. */
    static int headBytes(int firstByte, long length) {
        return (int) (firstByte == '{' ? length : Math.min(HEAD_BYTES, length));
    }

    /** Whether the line that begins so is partial. */
    static boolean partial(byte[] head) {
        return parse(head).map(LogLine::partial).orElse(false);
    }
}
