package io.mokube.standalone.host;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Installs the Debian packages that are missing, or tells the user the command that does. */
public final class HostSetup {

    private final Consumer<String> say;

    /**
     * @param say hears one line before anything is installed
     */
    public HostSetup(Consumer<String> say) {
        this.say = say;
    }

    /**
     * Makes sure that the packages are there. As root on Debian it installs what is missing, after saying so.
     *
     * @throws ComponentException when something is missing that can't be installed; the message holds the exact command
     */
    public void require(List<HostPackage> packages) {
        List<String> missing = packages.stream()
                .filter(each -> !each.isPresent())
                .map(HostPackage::packageName)
                .toList();
        if (missing.isEmpty()) {
            return;
        }
        String names = String.join(" ", missing);
        if (!isRoot() || !Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
            throw new ComponentException("missing on this machine: " + names + "\nInstall with:  sudo apt-get update &&"
                    + " sudo apt-get install --no-install-recommends " + names);
        }
        say.accept("Installing Debian packages: " + names);
        // A list that can't be refreshed may still be good enough: the installation's own answer decides.
        run(List.of("apt-get", "update", "-qq"));
        List<String> install = new ArrayList<>(List.of("apt-get", "install", "-y", "-qq", "--no-install-recommends"));
        install.addAll(missing);
        String answer = run(install);
        String still = packages.stream()
                .filter(each -> !each.isPresent())
                .map(HostPackage::packageName)
                .collect(Collectors.joining(" "));
        if (!still.isEmpty()) {
            throw new ComponentException("could not install " + still + "; apt-get said:\n" + answer.strip());
        }
    }

    /** Whether this process may install packages, start containers and set up networks. */
    public static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static String run(List<String> command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
            Process process = builder.start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return output;
        } catch (IOException e) {
            throw new ComponentException("can't run " + command.getFirst() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("interrupted while installing packages", e);
        }
    }
}
