package io.mokube.kubelet.runtime;

import io.mokube.kubelet.runtime.cri.ImageArchive;
import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** An image of two layers: the upper one changes the file {@code /changed} of the lower one and removes {@code /removed}. */
public final class TwoLayers {

    public static final String NAME = "docker.io/mokube/two-layers:1";

    private TwoLayers() {}

    /** Writes the image's archive to a new folder below this one. */
    public static Path archive(Path below) throws Exception {
        Path folder = Files.createTempDirectory(below, "two-layers");
        Path archive = folder.resolve("image.tar");
        ImageArchive.busybox(List.of("sh"), Map.of("/changed", bytes("by the lower layer"), "/removed", bytes("")))
                .write(NAME, archive);
        Path unpacked = Files.createDirectory(folder.resolve("unpacked"));
        run("tar", "-xf", archive.toString(), "-C", unpacked.toString());
        Path upper = Files.createDirectory(folder.resolve("upper"));
        Files.writeString(upper.resolve("changed"), "by the upper layer");
        Files.createFile(upper.resolve(".wh.removed"));
        run("tar", "-cf", unpacked.resolve("upper.tar").toString(), "-C", upper.toString(), "changed", ".wh.removed");

        Path manifestFile = unpacked.resolve("manifest.json");
        JsonNode manifest = Json.MAPPER.readTree(Files.readAllBytes(manifestFile));
        ((ArrayNode) manifest.get(0).get("Layers")).add("upper.tar");
        Files.write(manifestFile, Json.MAPPER.writeValueAsBytes(manifest));
        Path configFile = unpacked.resolve(manifest.get(0).get("Config").asString());
        JsonNode config = Json.MAPPER.readTree(Files.readAllBytes(configFile));
        ((ArrayNode) config.at("/rootfs/diff_ids")).add("sha256:" + digest(unpacked.resolve("upper.tar")));
        Files.write(configFile, Json.MAPPER.writeValueAsBytes(config));
        try (Stream<Path> parts = Files.list(unpacked)) {
            List<String> command = Stream.concat(
                            Stream.of("tar", "-cf", archive.toString(), "-C", unpacked.toString()),
                            parts.map(part -> part.getFileName().toString()))
                    .toList();
            run(command.toArray(String[]::new));
        }
        return archive;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String digest(Path file) throws Exception {
        return Sha256.hex(Files.readAllBytes(file));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        if (process.waitFor() != 0) {
            throw new AssertionError(String.join(" ", command) + " failed");
        }
    }
}
