package io.mokube.apiserver.cel;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * A question whether a user may do something, put together by an expression bit by bit. Not changeable.
 *
 * @param parts what is asked, by name: {@code path}, {@code group}, {@code resource}, {@code subresource},
 *     {@code namespace}, {@code name}, {@code verb}, {@code serviceAccount}
 * @param answer answers the whole question
 */
public record AccessQuestion(Map<String, String> parts, Function<AccessQuestion, Answer> answer) {

    public AccessQuestion {
        parts = Map.copyOf(parts);
    }

    /** What was decided, and why. */
    public record Answer(boolean allowed, String reason) {}

    /** A part of the question, {@code ""} when it was left open. */
    public String part(String name) {
        return parts.getOrDefault(name, "");
    }

    AccessQuestion with(String name, String value) {
        Map<String, String> more = new HashMap<>(parts);
        more.put(name, value);
        return new AccessQuestion(more, answer);
    }

    Answer ask(String verb) {
        return answer.apply(with("verb", verb));
    }
}
