package io.mokube.kubelet.upkeep;

import io.mokube.kubelet.eviction.Pressures.Observation;
import io.mokube.kubelet.network.Programs;
import io.mokube.machinery.component.ComponentException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How much of disks is used, measured by the host's programs: what Java's own file systems don't tell. */
final class DiskUse {

    private DiskUse() {}

    /** The bytes that each folder takes up on its own file system; folders that can't be measured are left out. */
    static Map<Path, Long> bytes(Collection<Path> folders) {
        List<String> command = new ArrayList<>(List.of("du", "-skx"));
        folders.stream().filter(Files::isDirectory).map(Path::toString).forEach(command::add);
        Map<Path, Long> sizes = new HashMap<>();
        if (command.size() == 2) {
            return sizes;
        }
        String output;
        try {
            output = Programs.run(command);
        } catch (ComponentException e) {
            // It complains of what went while it looked, and tells the rest all the same.
            output = String.valueOf(e.getMessage());
        }
        for (String line : output.split("\n")) {
            int tab = line.indexOf('\t');
            if (tab > 0 && line.substring(0, tab).matches("[0-9]{1,15}")) {
                sizes.put(Path.of(line.substring(tab + 1)), Long.parseLong(line.substring(0, tab)) * 1024);
            }
        }
        return sizes;
    }

    /** How many files may still be made on the folder's file system; empty where that is not limited. */
    static Optional<Observation> inodes(Path folder) {
        try {
            String[] words = Programs.run(List.of("stat", "-f", "-c", "%d %c", folder.toString()))
                    .strip()
                    .split(" ");
            long all = Long.parseLong(words[1]);
            return all == 0 ? Optional.empty() : Optional.of(new Observation(Long.parseLong(words[0]), all));
        } catch (ComponentException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }
}
