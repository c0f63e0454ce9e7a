package io.mokube.standalone.command;

import io.mokube.machinery.component.ComponentException;
import io.mokube.standalone.cluster.ClusterFolder;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A cluster in a process of its own that outlives this one. */
final class DetachedCluster {

    /** The line by which the other process says that the cluster works; it writes nothing to its output afterwards. */
    static final String READY = "Press Ctrl-C to stop.";

    private final ClusterFolder folder;
    private final Progress progress;

    DetachedCluster(ClusterFolder folder, Progress progress) {
        this.folder = folder;
        this.progress = progress;
    }

    /**
     * Starts the process and returns when its cluster is ready, passing on what it says.
     *
     * @throws ComponentException when it ends before that
     */
    void start(List<String> arguments) {
        List<String> command = new ArrayList<>();
        // A session of its own, so that closing the terminal does not stop the cluster.
        command.add("setsid");
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Mokube.class.getName()));
        command.addAll(arguments);
        try {
            Files.createDirectories(folder.path());
            File errors = folder.log().toFile();
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(errors))
                    .start();
            process.getOutputStream().close();
            long errorsBefore = errors.length();
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.equals(READY)) {
                        return;
                    }
                    progress.say(line);
                }
            }
            int code = process.waitFor();
            throw new ComponentException(lastWords(errors.toPath(), errorsBefore, code));
        } catch (IOException e) {
            throw new ComponentException("can't start the cluster's process: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("interrupted while the cluster started; `mokube down` stops it", e);
        }
    }

    /** What the process said to its error output before it ended, without the prefix it put there itself. */
    private String lastWords(Path errors, long from, int code) throws IOException {
        byte[] log = Files.readAllBytes(errors);
        int start = (int) Math.min(from, log.length);
        String said = new String(log, start, log.length - start, StandardCharsets.UTF_8);
        int message = said.lastIndexOf("mokube: ");
        return message >= 0
                ? said.substring(message + "mokube: ".length()).strip()
                : "the cluster's process ended with code " + code + "; its log is " + folder.log();
    }
}
