package io.mokube.it;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The {@code ./mokube} of this checkout. */
final class MokubeCommand {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Path SCRIPT = Path.of("../mokube").toAbsolutePath().normalize();

    private MokubeCommand() {}

    static Commands.Result run(Path data, String... arguments) {
        return run(data, Map.of(), arguments);
    }

    /**
     * @param environment further variables
     */
    static Commands.Result run(Path data, Map<String, String> environment, String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPT.toString()));
        command.addAll(List.of(arguments));
        Map<String, String> variables = new HashMap<>(environment);
        // Clusters of tests don't live long enough for more.
        variables.putIfAbsent("MOKUBE_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
        variables.put("MOKUBE_DATA", data.toString());
        return Commands.run(command, variables, PATIENCE);
    }

    static String ok(Path data, String... arguments) {
        return run(data, arguments).orFail();
    }
}
