package io.mokube.kubelet.volume;

import io.mokube.kubelet.network.Programs;
import io.mokube.kubelet.volume.VolumeUsage.Space;
import io.mokube.machinery.component.ComponentException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A folder of the host as a volume.
 *
 * @param bytes of its file system, and those of it that the folder takes up
 * @param inodes the same
 */
record VolumeDisk(Space bytes, Space inodes) {

    /** Measures a volume that has a file system of its own; empty when that can't be. */
    static Optional<VolumeDisk> whole(Path folder) {
        try {
            // Block size; blocks, free, and free for all; inodes and free ones.
            String[] words = Programs.run(List.of("stat", "-f", "-c", "%S %b %f %a %c %d", folder.toString()))
                    .strip()
                    .split(" ");
            long block = Long.parseLong(words[0]);
            long blocks = Long.parseLong(words[1]);
            long inodes = Long.parseLong(words[4]);
            long freeInodes = Long.parseLong(words[5]);
            return Optional.of(new VolumeDisk(
                    Space.of(
                            blocks * block,
                            Long.parseLong(words[3]) * block,
                            (blocks - Long.parseLong(words[2])) * block),
                    Space.of(inodes, freeInodes, inodes - freeInodes)));
        } catch (ComponentException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    /** Measures a volume that is a folder among others. */
    static Optional<VolumeDisk> part(Path folder) {
        return whole(folder)
                .map(disk -> new VolumeDisk(
                        new Space(disk.bytes().total(), disk.bytes().available(), du(folder, "-skx", 1024)),
                        new Space(disk.inodes().total(), disk.inodes().available(), du(folder, "-sx --inodes", 1))));
    }

    private static OptionalLong du(Path folder, String options, long unit) {
        try {
            List<String> command = new java.util.ArrayList<>(List.of("du"));
            command.addAll(List.of(options.split(" ")));
            command.add(folder.toString());
            String output = Programs.run(command);
            return OptionalLong.of(Long.parseLong(output.substring(0, output.indexOf('\t'))) * unit);
        } catch (ComponentException | NumberFormatException | StringIndexOutOfBoundsException e) {
            return OptionalLong.empty();
        }
    }
}
