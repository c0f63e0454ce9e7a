package io.mokube.kubelet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointFileTest {

    private record Value(String name, List<Integer> numbers) {}

    private static final Value ONE = new Value("one", List.of(1, 2));
    private static final Value OTHER = new Value("other", List.of());

    @TempDir
    private @Nullable Path folder;

    private Path below() {
        return Objects.requireNonNull(folder).resolve("below");
    }

    private CheckpointFile<Value> file() {
        return new CheckpointFile<>(below().resolve("state.json"), Value.class);
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        CheckpointFile<Value> file = file();
        assertThat(file.read()).isEmpty();
        assertThat(file.exists()).isFalse();
        file.write(ONE);
        file.write(OTHER);
        assertThat(file().read()).contains(OTHER);
        file.delete();
        file.delete();
        assertThat(file.read()).isEmpty();
    }

    /** An agent that ends while it writes leaves a part beside the file, however little of it was written. */
    @Test
    void whatWasNotWrittenToItsEndDoesNotCount() throws IOException {
        CheckpointFile<Value> file = file();
        file.write(ONE);
        byte[] whole = Files.readAllBytes(file.path());
        Path part = file.path().resolveSibling("state.json.part");
        Path another = file.path().resolveSibling("never.json.part");
        for (int length = 0; length <= whole.length; length++) {
            Files.write(part, java.util.Arrays.copyOf(whole, length));
            Files.write(another, java.util.Arrays.copyOf(whole, length));
            assertThat(file.read()).contains(ONE);
            assertThat(CheckpointFile.in(below(), Value.class)).containsExactly(file);
        }
        file.write(OTHER);
        assertThat(file.read()).contains(OTHER);
        assertThat(part).doesNotExist();
    }

    /** The file before stays when there is no room for the next. */
    @Test
    void whatCannotBeWrittenLeavesWhatWasThere() throws IOException {
        CheckpointFile<Value> file = file();
        file.write(ONE);
        Files.createDirectory(file.path().resolveSibling("state.json.part"));
        assertThatThrownBy(() -> file.write(OTHER)).isInstanceOf(IOException.class);
        assertThat(file.read()).contains(ONE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                       | it is empty",
                "null                     | it holds null",
                "'{\"name\": \"one\", \"num' | Unexpected end-of-input",
                "'\0\0\0\0'               | Illegal character",
                "[1]                      | Cannot deserialize",
                "'{\"numbers\": \"none\"}'  | Cannot deserialize"
            })
    void aDamagedFileIsNamed(String content, String why) throws IOException {
        CheckpointFile<Value> file = file();
        Files.createDirectories(below());
        Files.writeString(file.path(), content);
        assertThatThrownBy(file::read)
                .isInstanceOf(UnreadableException.class)
                .hasMessageStartingWith("can't read the checkpoint " + file.path() + ": ")
                .hasMessageContaining(why);
    }

    @Test
    void aFolderInItsPlaceIsNamed() throws IOException {
        Files.createDirectories(file().path());
        assertThatThrownBy(() -> file().read())
                .isInstanceOf(UnreadableException.class)
                .hasMessageContaining(file().path().toString());
    }
}
