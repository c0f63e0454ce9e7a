package io.mokube.kubelet.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** What is read from a log, in CRI's form and in Docker's. */
class ContainerLogTest {

    private static final String LOG = """
            2026-01-01T00:00:01.000000001Z stdout F one
            2026-01-01T00:00:02.000000001Z stderr F two
            2026-01-01T00:00:03.000000001Z stdout P thr
            2026-01-01T00:00:03.000000002Z stdout P e
            2026-01-01T00:00:03.000000003Z stdout F e
            2026-01-01T00:00:04.000000001Z stdout F four words in line
            """;

    /** The same as Docker writes it. */
    private static final String DOCKER_LOG = """
            {"log":"one\\n","stream":"stdout","time":"2026-01-01T00:00:01.000000001Z"}
            {"log":"two\\n","stream":"stderr","time":"2026-01-01T00:00:02.000000001Z"}
            {"log":"thr","stream":"stdout","time":"2026-01-01T00:00:03.000000001Z"}
            {"log":"e","stream":"stdout","time":"2026-01-01T00:00:03.000000002Z"}
            {"log":"e\\n","stream":"stdout","time":"2026-01-01T00:00:03.000000003Z"}
            {"log":"four words in line\\n","stream":"stdout","time":"2026-01-01T00:00:04.000000001Z"}
            """;

    private static final List<String> FORMS = List.of(LOG, DOCKER_LOG);

    @TempDir
    @Nullable
    Path folder;

    private Path file = Path.of("");

    @BeforeEach
    void write() throws IOException {
        file = java.util.Objects.requireNonNull(folder).resolve("0.log");
        Files.writeString(file, LOG);
    }

    private static ContainerLog.Options options(
            @Nullable Instant since, long tail, long limit, boolean timestamps, boolean follow, String stream) {
        return new ContainerLog.Options(
                since,
                tail < 0 ? OptionalLong.empty() : OptionalLong.of(tail),
                limit < 0 ? OptionalLong.empty() : OptionalLong.of(limit),
                timestamps,
                follow,
                stream);
    }

    private String read(ContainerLog.Options options) throws IOException, InterruptedException {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        new ContainerLog(file, Clock.system()).copy(options, output, () -> false);
        return output.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "-1,one/two/three/four words in line/",
        "0,''",
        "1,four words in line/",
        "2,three/four words in line/",
        "3,two/three/four words in line/",
        "4,one/two/three/four words in line/",
        "9,one/two/three/four words in line/"
    })
    void theLastLines(long tail, String expected) throws Exception {
        for (String form : FORMS) {
            Files.writeString(file, form);
            assertThat(read(options(null, tail, -1, false, false, ""))).as(form).isEqualTo(expected.replace('/', '\n'));
        }
    }

    @Test
    void lastWordsAreLimitedInLinesAndBytes() throws Exception {
        for (String form : FORMS) {
            Files.writeString(file, form);
            ContainerLog log = new ContainerLog(file, Clock.system());
            assertThat(log.lastWords(2, 100)).isEqualTo("three\nfour words in line\n");
            assertThat(log.lastWords(80, 8)).isEqualTo("in line\n");
        }
        assertThat(new ContainerLog(file.resolve("absent"), Clock.system()).lastWords(80, 8))
                .isEmpty();
    }

    @Test
    void whatIsInNeitherFormIsGivenAsItIs() throws Exception {
        Files.writeString(file, "{broken\nnothing\n");
        assertThat(read(options(null, -1, -1, false, false, ""))).isEqualTo("{broken\nnothing\n");
    }

    @ParameterizedTest
    @FieldSource("FORMS")
    void limitsTimesAndStreams(String form) throws Exception {
        Files.writeString(file, form);
        assertThat(read(options(null, -1, 5, false, false, ""))).isEqualTo("one\nt");
        assertThat(read(options(null, -1, -1, false, false, "stderr"))).isEqualTo("two\n");
        assertThat(read(options(Instant.parse("2026-01-01T00:00:04Z"), -1, -1, false, false, "")))
                .isEqualTo("four words in line\n");
        assertThat(read(options(null, 2, -1, true, false, ""))).isEqualTo("""
                2026-01-01T00:00:03.000000001Z three
                2026-01-01T00:00:04.000000001Z four words in line
                """);
    }

    @Test
    void aMissingFileIsAnEmptyLog() throws Exception {
        Files.delete(file);
        assertThat(read(options(null, 3, -1, false, false, ""))).isEmpty();
    }

    @Test
    void followingSeesWhatIsWrittenLaterAndGoesOnAfterARotation() throws Exception {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        AtomicBoolean running = new AtomicBoolean(true);
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                new ContainerLog(file, Clock.system())
                        .copy(options(null, 1, -1, false, true, ""), output, running::get);
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        String known = "four words in line\n";
        Await.until(
                "the last line is read",
                () -> output.toString(StandardCharsets.UTF_8).equals(known));
        Files.writeString(file, "2026-01-01T00:00:05.000000001Z stdout F five\n", StandardOpenOption.APPEND);
        Await.until(
                "the new line is read",
                () -> output.toString(StandardCharsets.UTF_8).equals(known + "five\n"));
        Files.move(file, file.resolveSibling("0.log.old"));
        Files.writeString(file, "2026-01-01T00:00:06.000000001Z stdout F six\n");
        Await.until(
                "the new file is read",
                () -> output.toString(StandardCharsets.UTF_8).equals(known + "five\nsix\n"));
        running.set(false);
        reader.join();
    }
}
