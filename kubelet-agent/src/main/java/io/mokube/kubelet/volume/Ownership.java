package io.mokube.kubelet.volume;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Gives what is in a volume to the pod's group ({@code fsGroup}), as the kubelet does: the owner stays, the group may read
 * and, unless the volume is read-only, write, and what is made in a folder later belongs to the group too.
 */
final class Ownership {

    private static final int READ = 0440;
    private static final int READ_AND_WRITE = 0660;
    private static final int ENTER = 0110;
    private static final int INHERIT_GROUP = 02000;

    private Ownership() {}

    /** Gives a whole volume to a group. Links are given, not followed. */
    static void give(Path volume, long group, boolean readOnly) throws IOException {
        Files.walkFileTree(volume, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                giveOne(file, group, readOnly, attributes);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                // The root comes last: seen from it, a change that was cut short has not happened.
                BasicFileAttributes attributes =
                        Files.readAttributes(folder, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                giveOne(folder, group, readOnly, attributes);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void giveOne(Path path, long group, boolean readOnly, BasicFileAttributes attributes)
            throws IOException {
        int owner = (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(path, "unix:gid", (int) group, LinkOption.NOFOLLOW_LINKS);
        if (attributes.isSymbolicLink()) {
            return;
        }
        int mode = mode(path) | mask(readOnly, attributes.isDirectory());
        // Setting the group takes special bits away from files: the mode is set after it.
        Files.setAttribute(path, "unix:uid", owner, LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(path, "unix:mode", mode);
    }

    private static int mask(boolean readOnly, boolean directory) {
        int mask = readOnly ? READ : READ_AND_WRITE;
        return directory ? mask | ENTER | INHERIT_GROUP : mask;
    }

    private static int mode(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    }

    /** Whether the volume's root shows that it was given to the group before ({@code OnRootMismatch}). */
    static boolean isGiven(Path volume, long group, boolean readOnly) throws IOException {
        int mask = mask(readOnly, true);
        return (Integer) Files.getAttribute(volume, "unix:gid", LinkOption.NOFOLLOW_LINKS) == group
                && (mode(volume) & mask) == mask;
    }
}
