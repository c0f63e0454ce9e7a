package io.mokube.benchmarks;

import io.mokube.kubelet.app.KubeletApplication;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The service of the node agent, as it runs in a cluster: a process of its own with what its image sets. */
final class AgentSubject implements Subject {

    private static final Path IMAGE = Path.of("compose", "node.Dockerfile");
    private static final Pattern SETTING = Pattern.compile("ENV (\\w+)=\"?([^\"]*)\"?");

    private final Process process;
    private final URI server;

    private AgentSubject(Process process, URI server) {
        this.process = process;
        this.server = server;
    }

    /**
     * Starts one and returns at once.
     *
     * @param settings what is set, without {@code --mokube.}
     */
    static AgentSubject start(URI server, Path log, List<String> settings) throws IOException {
        Map<String, String> environment = environmentOfImage();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-cp", System.getProperty("java.class.path"), KubeletApplication.class.getName(), "--server.port=0"));
        settings.forEach(setting -> command.add("--mokube." + setting));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        return new AgentSubject(builder.start(), server);
    }

    /** What the image sets for the agent: the JVM's options, which the JVM reads from there, and those of the C library. */
    private static Map<String, String> environmentOfImage() throws IOException {
        try (Stream<String> lines = Files.lines(IMAGE)) {
            return lines.map(SETTING::matcher)
                    .filter(Matcher::matches)
                    .collect(Collectors.toMap(line -> line.group(1), line -> line.group(2)));
        }
    }

    /** The bytes of memory that the process has now, and 0 where the system does not tell. */
    long resident() {
        return JavaSubject.resident(process);
    }

    @Override
    public String name() {
        return "agent";
    }

    @Override
    public URI target() {
        return server;
    }

    @Override
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
