package io.mokube.kubelet.runtime.hollow;

import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.hollow.HollowScript.Ending;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How containers would end whose commands need nothing but a shell: {@code true}, {@code false}, {@code echo}, {@code sleep},
 * {@code exit}, alone or one after another in {@code sh -c}. What else a container is told to do never ends. Pure.
 */
final class PlainCommands {

    private static final Pattern TIME = Pattern.compile("(\\d+(?:\\.\\d+)?)([smhd]?)");
    private static final Pattern SEPARATOR = Pattern.compile("\\s*(;|&&|\\n)\\s*");

    private PlainCommands() {}

    /** When and how; empty for a container that runs until it is stopped. */
    static Optional<Ending> ending(ContainerConfig config) {
        List<String> words = new ArrayList<>(config.command());
        words.addAll(config.arguments());
        if (words.size() >= 3
                && words.get(0).matches("(.*/)?(ba|a)?sh")
                && words.get(1).equals("-c")) {
            return script(words.get(2).strip());
        }
        return words.isEmpty() ? Optional.empty() : command(words).map(Step::ending);
    }

    private record Step(Duration takes, int exitCode, boolean leaves) {
        Ending ending() {
            return new Ending(takes, exitCode, false);
        }
    }

    private static Optional<Ending> script(String text) {
        Duration takes = Duration.ZERO;
        int code = 0;
        Matcher separators = SEPARATOR.matcher(text);
        for (int from = 0; from < text.length(); ) {
            boolean more = separators.find(from);
            String part = text.substring(from, more ? separators.start() : text.length());
            if (!part.isBlank()) {
                Optional<Step> step = command(List.of(part.strip().split("\\s+")));
                if (step.isEmpty()) {
                    return Optional.empty();
                }
                takes = takes.plus(step.get().takes());
                code = step.get().exitCode();
                if (step.get().leaves() || (more && separators.group(1).equals("&&") && code != 0)) {
                    break;
                }
            }
            from = more ? separators.end() : text.length();
        }
        return Optional.of(new Ending(takes, code, false));
    }

    private static Optional<Step> command(List<String> words) {
        String argument = words.size() > 1 ? words.get(1) : "";
        return switch (words.getFirst().toLowerCase(Locale.ROOT)) {
            case "true", ":", "echo", "printf", "date" -> Optional.of(new Step(Duration.ZERO, 0, false));
            case "false" -> Optional.of(new Step(Duration.ZERO, 1, false));
            case "sleep" -> time(argument).map(takes -> new Step(takes, 0, false));
            case "exit" ->
                argument.matches("\\d{1,3}")
                        ? Optional.of(new Step(Duration.ZERO, Integer.parseInt(argument) & 0xff, true))
                        : Optional.of(new Step(Duration.ZERO, 0, true));
            default -> Optional.empty();
        };
    }

    private static Optional<Duration> time(String text) {
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int unit =
                switch (matcher.group(2)) {
                    case "m" -> 60;
                    case "h" -> 3600;
                    case "d" -> 86_400;
                    default -> 1;
                };
        BigDecimal millis = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(1000L * unit));
        return Optional.of(Duration.ofMillis(
                millis.min(BigDecimal.valueOf(Integer.MAX_VALUE * 1000L)).longValue()));
    }
}
