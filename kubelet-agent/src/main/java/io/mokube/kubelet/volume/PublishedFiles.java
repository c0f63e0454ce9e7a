package io.mokube.kubelet.volume;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Files in a folder that change all at once: a reader sees the old set or the new one, never a mixture, and no half
 * file. The files stand in a folder of their own; {@code ..data} is a link to it that is replaced atomically, and the
 * visible names are links through it.
 */
final class PublishedFiles {

    private static final String DATA = "..data";

    /** The permission bits, from the highest. */
    private static final List<PosixFilePermission> BITS = List.of(
            PosixFilePermission.OWNER_READ,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.OWNER_EXECUTE,
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_EXECUTE);

    private PublishedFiles() {}

    /** A file's content and its permission bits. */
    record Content(byte[] bytes, int mode) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Content content && mode == content.mode && Arrays.equals(bytes, content.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes) * 31 + mode;
        }
    }

    /**
     * Makes the folder show exactly these files; paths are relative. Does nothing when it does already.
     *
     * @param group the group that reads them, empty for none but the owner's
     */
    static void publish(Path folder, Map<String, Content> wanted, OptionalLong group) throws IOException {
        Map<String, Content> files = group.isEmpty() ? wanted : readableByGroup(wanted);
        if (Files.notExists(folder)) {
            Files.createDirectories(folder);
            if (group.isPresent()) {
                Ownership.give(folder, group.getAsLong(), true);
            }
        }
        Path link = folder.resolve(DATA);
        Path current = Files.exists(link) ? link.toRealPath() : null;
        if (current != null && read(current).equals(files)) {
            return;
        }
        Path fresh = Files.createTempDirectory(folder, "..");
        Files.setPosixFilePermissions(fresh, permissions(0755));
        for (Map.Entry<String, Content> file : files.entrySet()) {
            Path path = fresh.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue().bytes());
            Files.setPosixFilePermissions(path, permissions(file.getValue().mode()));
        }
        if (group.isPresent()) {
            Ownership.give(fresh, group.getAsLong(), true);
        }
        Path nextLink = folder.resolve("..data_tmp");
        Files.deleteIfExists(nextLink);
        Files.createSymbolicLink(nextLink, fresh.getFileName());
        Files.move(nextLink, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        showNames(folder, files.keySet());
        if (current != null) {
            deleteTree(current);
        }
    }

    private static Map<String, Content> readableByGroup(Map<String, Content> files) {
        Map<String, Content> readable = new HashMap<>();
        files.forEach((path, content) -> readable.put(path, new Content(content.bytes(), content.mode() | 0440)));
        return readable;
    }

    private static void showNames(Path folder, Set<String> paths) throws IOException {
        Set<String> names = new HashSet<>();
        for (String path : paths) {
            String name = path.contains("/") ? path.substring(0, path.indexOf('/')) : path;
            if (names.add(name) && !Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                Files.createSymbolicLink(folder.resolve(name), Path.of(DATA, name));
            }
        }
        try (Stream<Path> visible = Files.list(folder)) {
            for (Path path : visible.toList()) {
                String name = path.getFileName().toString();
                if (!name.startsWith("..") && !names.contains(name)) {
                    Files.delete(path);
                }
            }
        }
    }

    private static Map<String, Content> read(Path folder) throws IOException {
        Map<String, Content> files = new HashMap<>();
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.filter(Files::isRegularFile).toList()) {
                files.put(
                        folder.relativize(path).toString(),
                        new Content(Files.readAllBytes(path), mode(Files.getPosixFilePermissions(path))));
            }
        }
        return files;
    }

    static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (int i = 0; i < BITS.size(); i++) {
            if ((mode & 1 << (8 - i)) != 0) {
                permissions.add(BITS.get(i));
            }
        }
        return permissions;
    }

    private static int mode(Set<PosixFilePermission> permissions) {
        int mode = 0;
        for (PosixFilePermission permission : permissions) {
            mode |= 1 << (8 - BITS.indexOf(permission));
        }
        return mode;
    }

    /** Removes a folder and all below it, following no link. */
    static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(
                    Path directory, java.io.@org.jspecify.annotations.Nullable IOException error) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
