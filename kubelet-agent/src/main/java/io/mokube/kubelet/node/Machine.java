package io.mokube.kubelet.node;

import io.mokube.kubelet.runtime.Usage;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the machine under the node is and has.
 *
 * @param cpuMillis thousandths of a core
 * @param memoryBytes the memory, or the limit of the control group the agent runs in when that is less
 */
public record Machine(
        long cpuMillis,
        long memoryBytes,
        String machineId,
        String systemUuid,
        String bootId,
        String kernelVersion,
        String osImage,
        String architecture) {

    private static final Logger log = LoggerFactory.getLogger(Machine.class);
    private static final int SMALL_FILE_BYTES = 16 * 1024;

    /** The kernel tells times in hundredths of a second, whatever it counts in. */
    private static final long NANOS_PER_TICK = 10_000_000;

    /** Reads it from the kernel's files; what can't be read is empty. */
    public static Machine read() {
        return new Machine(
                Runtime.getRuntime().availableProcessors() * 1000L,
                memory(),
                text("/etc/machine-id").orElse(""),
                text("/sys/class/dmi/id/product_uuid")
                        .or(() -> text("/etc/machine-id"))
                        .orElse(""),
                text("/proc/sys/kernel/random/boot_id").orElse(""),
                text("/proc/sys/kernel/osrelease").orElse(""),
                readOsImage(),
                architectureName());
    }

    /** The huge pages set aside, in bytes, by their size such as {@code 2Mi}. */
    public Map<String, Long> hugePages() {
        Map<String, Long> pages = new TreeMap<>();
        try (DirectoryStream<Path> sizes =
                Files.newDirectoryStream(Path.of("/sys/kernel/mm/hugepages"), "hugepages-*kB")) {
            for (Path size : sizes) {
                long kilobytes = Long.parseLong(size.getFileName().toString().replaceAll("[^0-9]", ""));
                String name = kilobytes % (1 << 20) == 0 ? kilobytes / (1 << 20) + "Gi" : kilobytes / 1024 + "Mi";
                long count = text(size.resolve("nr_hugepages").toString())
                        .filter(text -> text.matches("[0-9]{1,15}"))
                        .map(Long::parseLong)
                        .orElse(0L);
                pages.put(name, count * kilobytes * 1024);
            }
        } catch (IOException e) {
            return pages;
        }
        return pages;
    }

    private static String architectureName() {
        String name = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return switch (name) {
            case "aarch64" -> "arm64";
            case "x86_64" -> "amd64";
            default -> name;
        };
    }

    private static long memory() {
        long total = field("/proc/meminfo", "MemTotal") * 1024;
        long limit = text("/sys/fs/cgroup/memory/memory.limit_in_bytes")
                .or(() -> text("/sys/fs/cgroup/memory.max"))
                .filter(value -> value.matches("[0-9]{1,18}"))
                .map(Long::parseLong)
                .orElse(Long.MAX_VALUE);
        return Math.min(total, limit);
    }

    /**
     * How much is left of what runs out.
     *
     * @param availableMemory could be given out now, in bytes
     * @param diskTotal of the file system that holds the agent's folder, in bytes
     */
    public record Left(long availableMemory, long diskTotal, long diskFree, long pidsInUse, long pidsAllowed) {}

    /** Looks at what is left now; what can't be read is 0. */
    public static Left look(Path folder) {
        long total = 0;
        long free = 0;
        try {
            FileStore store = Files.getFileStore(folder);
            total = store.getTotalSpace();
            free = store.getUsableSpace();
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("can't see how full the disk is")
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
        // The fourth word is running/all.
        long inUse = text("/proc/loadavg")
                .map(load -> load.split(" "))
                .filter(words -> words.length > 3 && words[3].matches("[0-9]+/[0-9]+"))
                .map(words -> Long.parseLong(words[3].substring(words[3].indexOf('/') + 1)))
                .orElse(0L);
        // Both count threads, and the lower one is met first.
        long allowed = Stream.of("pid_max", "threads-max")
                .flatMap(limit -> text("/proc/sys/kernel/" + limit).stream())
                .mapToLong(Long::parseLong)
                .min()
                .orElse(0);
        return new Left(field("/proc/meminfo", "MemAvailable") * 1024, total, free, inUse, allowed);
    }

    /** What runs on the machine now uses, all of it together; what can't be read is 0. */
    public static Usage usage(Instant now) {
        long ticks = 0;
        // user nice system idle iowait irq softirq steal; the guests' time is in user already.
        String[] words =
                text("/proc/stat").orElse("").lines().findFirst().orElse("").split(" +");
        for (int i = 1; i < Math.min(words.length, 9); i++) {
            ticks += i == 4 || i == 5 ? 0 : Long.parseLong(words[i]);
        }
        long used = (field("/proc/meminfo", "MemTotal") - field("/proc/meminfo", "MemAvailable")) * 1024;
        long resident = field("/proc/meminfo", "AnonPages") * 1024;
        return new Usage(now, ticks * NANOS_PER_TICK, used, used, resident);
    }

    private static long field(String file, String name) {
        try {
            for (String line : Files.readAllLines(Path.of(file))) {
                if (line.startsWith(name + ":")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            return 0;
        }
        return 0;
    }

    private static String readOsImage() {
        return text("/etc/os-release")
                .flatMap(release -> release.lines()
                        .filter(line -> line.startsWith("PRETTY_NAME="))
                        .findFirst())
                .map(line -> line.substring("PRETTY_NAME=".length()).replace("\"", ""))
                .orElse("Linux");
    }

    static Optional<String> text(String file) {
        // In one piece: settings of the kernel give the first piece and then claim to be at their end, and
        // Files.readString begins with a piece of one byte, since they also claim to be empty.
        byte[] bytes = new byte[SMALL_FILE_BYTES];
        try (InputStream in = new FileInputStream(file)) {
            int read = in.read(bytes);
            return Optional.of(new String(bytes, 0, Math.max(0, read), StandardCharsets.UTF_8).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
