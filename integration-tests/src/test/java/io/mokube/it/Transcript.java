package io.mokube.it;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A session at a shell, written as one would paste it: lines that begin with {@code $} are typed, what follows is what
 * comes back. Where variants (versions of a program) print different things, a line {@code [1.27 1.31]} stands before what
 * those print. A line that begins with {@code //} is a comment on the step below.
 *
 * @param steps what is typed, in order
 */
record Transcript(List<Step> steps) {

    /**
     * One command.
     *
     * @param comment lines above it, {@code ""} for none
     * @param command what is typed
     * @param outputs what it prints, by variant; under {@code ""} what all others print
     */
    record Step(String comment, String command, Map<String, String> outputs) {

        /** What a variant should print. */
        String expected(String variant) {
            String own = outputs.get(variant);
            return own == null ? outputs.getOrDefault("", "") : own;
        }
    }

    static Transcript parse(String text) {
        List<Step> steps = new ArrayList<>();
        StringBuilder comment = new StringBuilder();
        String command = "";
        Map<String, StringBuilder> outputs = new LinkedHashMap<>();
        List<String> variants = List.of("");
        for (String line : text.lines().toList()) {
            if (line.startsWith("$ ") || line.startsWith("// ")) {
                if (!command.isEmpty()) {
                    steps.add(step(comment, command, outputs));
                    comment.setLength(0);
                    outputs.clear();
                    command = "";
                }
                variants = List.of("");
                if (line.startsWith("// ")) {
                    comment.append(line).append('\n');
                } else {
                    command = line.substring(2);
                }
            } else if (line.matches("\\[[0-9. ]+]")) {
                variants = List.of(line.substring(1, line.length() - 1).split(" ", -1));
            } else if (!command.isEmpty()) {
                for (String variant : variants) {
                    outputs.computeIfAbsent(variant, ignored -> new StringBuilder())
                            .append(line)
                            .append('\n');
                }
            }
        }
        if (!command.isEmpty()) {
            steps.add(step(comment, command, outputs));
        }
        return new Transcript(List.copyOf(steps));
    }

    private static Step step(CharSequence comment, String command, Map<String, StringBuilder> outputs) {
        Map<String, String> texts = new TreeMap<>();
        outputs.forEach((variant, output) -> texts.put(variant, output.toString()));
        return new Step(comment.toString(), command, texts);
    }

    /** The same commands with other outputs: {@code printed} holds, for each variant, what each step printed. */
    String with(Map<String, List<String>> printed) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            text.append(step.comment()).append("$ ").append(step.command()).append('\n');
            Map<String, List<String>> variantsByOutput = new LinkedHashMap<>();
            for (Map.Entry<String, List<String>> entry : printed.entrySet()) {
                variantsByOutput
                        .computeIfAbsent(entry.getValue().get(i), ignored -> new ArrayList<>())
                        .add(entry.getKey());
            }
            variantsByOutput.forEach((output, variants) -> {
                if (variantsByOutput.size() > 1) {
                    text.append('[').append(String.join(" ", variants)).append("]\n");
                }
                text.append(output);
            });
        }
        return text.toString();
    }
}
