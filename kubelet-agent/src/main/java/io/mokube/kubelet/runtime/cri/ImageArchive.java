package io.mokube.kubelet.runtime.cri;

import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.object.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A small image made on the spot, where no registry is at hand: one layer with the host's static busybox and some files.
 * The same input gives the same bytes, so the image keeps its id.
 */
public final class ImageArchive {

    /** The programs that get a name in {@code /bin}; busybox knows more by {@code busybox NAME}. */
    private static final List<String> APPLETS = List.of(
            "sh",
            "ash",
            "cat",
            "chmod",
            "chown",
            "cp",
            "cut",
            "date",
            "dd",
            "df",
            "dirname",
            "dmesg",
            "du",
            "echo",
            "env",
            "expr",
            "false",
            "find",
            "free",
            "grep",
            "gunzip",
            "gzip",
            "head",
            "hostname",
            "httpd",
            "id",
            "ifconfig",
            "ip",
            "kill",
            "killall",
            "ln",
            "ls",
            "md5sum",
            "mkdir",
            "mknod",
            "mktemp",
            "more",
            "mount",
            "mv",
            "nc",
            "netstat",
            "nslookup",
            "od",
            "ping",
            "printenv",
            "printf",
            "ps",
            "pwd",
            "readlink",
            "realpath",
            "rm",
            "rmdir",
            "route",
            "sed",
            "seq",
            "sha256sum",
            "sleep",
            "sort",
            "stat",
            "stty",
            "sync",
            "tail",
            "tar",
            "tee",
            "test",
            "time",
            "timeout",
            "top",
            "touch",
            "tr",
            "true",
            "tty",
            "umount",
            "uname",
            "uniq",
            "uptime",
            "usleep",
            "vi",
            "wc",
            "wget",
            "which",
            "whoami",
            "xargs",
            "yes");

    private final List<String> command;
    private final Map<String, byte[]> files;

    private ImageArchive(List<String> command, Map<String, byte[]> files) {
        this.command = command;
        this.files = new TreeMap<>(files);
    }

    /**
     * An image with busybox and these files (absolute paths, readable and executable by all).
     *
     * @param command what a container runs by default
     */
    public static ImageArchive busybox(List<String> command, Map<String, byte[]> files) {
        return new ImageArchive(List.copyOf(command), files);
    }

    /** Where the host has a busybox that needs no libraries. */
    static Path hostBusybox() {
        return Stream.of("/bin/busybox", "/usr/bin/busybox", "/usr/bin/busybox.static", "/bin/busybox.static")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new ComponentException(
                        "there is no busybox to make an image from: on Debian, apt-get install busybox-static"));
    }

    /** Writes the archive, in the form of {@code docker save}. */
    public void write(String name, Path archive) {
        try (OutputStream output = Files.newOutputStream(archive)) {
            byte[] layer = layer();
            String layerDigest = Sha256.hex(layer);
            byte[] config = Json.MAPPER.writeValueAsBytes(config(layerDigest));
            String configName = Sha256.hex(config) + ".json";
            String layerName = layerDigest + "/layer.tar";
            ArrayNode manifest = Json.MAPPER.createArrayNode();
            ObjectNode entry = manifest.addObject();
            entry.put("Config", configName);
            entry.putArray("RepoTags").add(name);
            entry.putArray("Layers").add(layerName);
            Tar tar = new Tar(output);
            tar.file("manifest.json", Json.MAPPER.writeValueAsBytes(manifest), 0644);
            tar.file(configName, config, 0644);
            tar.directory(layerDigest);
            tar.file(layerName, layer, 0644);
            tar.end();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ObjectNode config(String layerDigest) {
        ObjectNode config = Json.MAPPER.createObjectNode();
        config.put("architecture", System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64");
        config.put("os", "linux");
        config.put("created", "2026-01-01T00:00:00Z");
        ObjectNode run = config.putObject("config");
        run.putArray("Env").add("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        ArrayNode arguments = run.putArray("Cmd");
        command.forEach(arguments::add);
        run.put("WorkingDir", "/");
        ObjectNode rootfs = config.putObject("rootfs");
        rootfs.put("type", "layers");
        rootfs.putArray("diff_ids").add("sha256:" + layerDigest);
        return config;
    }

    private byte[] layer() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Tar tar = new Tar(bytes);
        for (String folder :
                List.of("bin", "dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "usr", "var", "www")) {
            tar.directory(folder);
        }
        tar.file("bin/busybox", Files.readAllBytes(hostBusybox()), 0755);
        for (String applet : APPLETS) {
            tar.link("bin/" + applet, "busybox");
        }
        tar.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n", 0644);
        tar.file("etc/group", "root:x:0:\nnogroup:x:65534:\n", 0644);
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            String path = file.getKey().startsWith("/") ? file.getKey().substring(1) : file.getKey();
            tar.file(path, file.getValue(), 0755);
        }
        tar.end();
        return bytes.toByteArray();
    }

    /** Writes the tar format (ustar); all entries belong to root and have the same old date. */
    private static final class Tar {

        private static final int BLOCK = 512;
        private final OutputStream output;

        Tar(OutputStream output) {
            this.output = output;
        }

        void directory(String name) throws IOException {
            header(name + "/", '5', name.equals("tmp") ? 01777 : 0755, 0, "");
        }

        void link(String name, String target) throws IOException {
            header(name, '2', 0777, 0, target);
        }

        void file(String name, String content, int mode) throws IOException {
            file(name, content.getBytes(StandardCharsets.UTF_8), mode);
        }

        void file(String name, byte[] content, int mode) throws IOException {
            header(name, '0', mode, content.length, "");
            output.write(content);
            int rest = content.length % BLOCK;
            if (rest > 0) {
                output.write(new byte[BLOCK - rest]);
            }
        }

        void end() throws IOException {
            output.write(new byte[2 * BLOCK]);
        }

        private void header(String name, char type, int mode, long size, String target) throws IOException {
            byte[] header = new byte[BLOCK];
            put(header, 0, name);
            put(header, 100, octal(mode, 7));
            put(header, 108, octal(0, 7));
            put(header, 116, octal(0, 7));
            put(header, 124, octal(size, 11));
            put(header, 136, octal(1767225600L, 11));
            put(header, 148, "        ");
            header[156] = (byte) type;
            put(header, 157, target);
            put(header, 257, "ustar");
            put(header, 263, "00");
            int sum = 0;
            for (byte b : header) {
                sum += b & 0xff;
            }
            put(header, 148, octal(sum, 6));
            header[154] = 0;
            output.write(header);
        }

        private static String octal(long value, int digits) {
            String text = Long.toOctalString(value);
            return "0".repeat(digits - text.length()) + text;
        }

        private static void put(byte[] header, int offset, String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            System.arraycopy(bytes, 0, header, offset, bytes.length);
        }
    }
}
