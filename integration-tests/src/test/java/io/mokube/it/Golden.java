package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Compares output with a file in {@code src/test/resources/golden}, after what differs from run to run (ages, addresses,
 * generated names) gave way to words. {@code -Dgolden.update=true} writes the files anew: read the difference before
 * committing it.
 */
final class Golden {

    private static final Path FOLDER = Path.of("src/test/resources/golden");

    private record Rule(Pattern pattern, String word) {}

    private static final Rule[] RULES = {
        new Rule(Pattern.compile("\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b"), "UID"),
        new Rule(
                Pattern.compile("-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\\b"),
                "-HASH-POD"),
        new Rule(Pattern.compile("-[bcdfghjklmnpqrstvwxz2456789]{8,10}\\b"), "-HASH"),
        new Rule(Pattern.compile("pod-template-hash=[a-z0-9]+"), "pod-template-hash=HASH"),
        new Rule(Pattern.compile("\\b\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\b"), "ADDRESS"),
        new Rule(Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ"), "TIME"),
        new Rule(Pattern.compile("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d+ \\+0000 UTC"), "TIME"),
        new Rule(
                Pattern.compile(
                        "[A-Z][a-z]{2},? (\\d+ [A-Z][a-z]{2}|[A-Z][a-z]{2} +\\d+) (\\d{4} \\d\\d:\\d\\d:\\d\\d \\+0000|\\d\\d:\\d\\d:\\d\\d \\d{4})"),
                "TIME"),
        new Rule(Pattern.compile("\\b(\\d+d)?(\\d+h)?(\\d+m)?\\d+s\\b|\\b\\d+m\\b"), "AGE"),
        new Rule(Pattern.compile("\\bnode-\\d+\\b"), "NODE"),
        new Rule(Pattern.compile("(resourceVersion\"?: *\"?)\\d+"), "$1VERSION"),
        new Rule(Pattern.compile("kube-api-access-[a-z0-9]{5}"), "kube-api-access-RANDOM"),
        // Columns are as wide as their widest cell, which the words above changed.
        new Rule(Pattern.compile("(?<=\\S) {2,}"), "  "),
        new Rule(Pattern.compile("(?m) +$"), ""),
    };

    private Golden() {}

    /** What stays the same from run to run. */
    static String normalised(String output) {
        String text = output;
        for (Rule rule : RULES) {
            text = rule.pattern().matcher(text).replaceAll(rule.word());
        }
        return text;
    }

    /** Fails unless the output equals the golden file of this name. */
    static void check(String name, String output) {
        Path file = FOLDER.resolve(name);
        String actual = normalised(output);
        try {
            if (Boolean.getBoolean("golden.update")) {
                Files.createDirectories(file.getParent());
                Files.writeString(file, actual);
                return;
            }
            assertThat(actual).as("golden file %s", name).isEqualTo(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
