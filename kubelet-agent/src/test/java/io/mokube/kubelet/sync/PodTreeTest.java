package io.mokube.kubelet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PodTreeTest {

    private static final Pod POD = new PodBuilder()
            .withNewMetadata()
            .withNamespace("default")
            .withName("p")
            .withUid("u1")
            .endMetadata()
            .build();

    @Test
    void theLogOfOneContainerGoesInAllItsPartsAndNoOther(@TempDir Path folder) throws IOException {
        PodTree tree = new PodTree(folder);
        tree.removeLog(POD, "main", 1);
        Path logs = Files.createDirectories(tree.logs(POD).resolve("main"));
        for (String name :
                List.of("0.log", "1.log", "1.log.20260101-000000", "1.log.20251231-000000.gz", "10.log", "11.log")) {
            Files.createFile(logs.resolve(name));
        }
        Path lastWords = tree.terminationMessage("u1", "main", 1);
        Files.createDirectories(lastWords.getParent());
        Files.createFile(lastWords);
        Path others = Files.createFile(tree.terminationMessage("u1", "main", 2));
        tree.removeLog(POD, "main", 1);
        try (Stream<Path> left = Files.list(logs)) {
            assertThat(left)
                    .extracting(file -> file.getFileName().toString())
                    .containsOnly("0.log", "10.log", "11.log");
        }
        assertThat(lastWords).doesNotExist();
        assertThat(others).exists();
    }
}
