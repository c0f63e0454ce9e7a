package io.mokube.kubelet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.kubelet.policy.PullVerification;
import io.mokube.kubelet.policy.PullVerification.Policy;
import io.mokube.kubelet.runtime.Image;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.SimulatedClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What pods may use of what others have pulled. */
class PullRecordsTest {

    private static final String IMAGE = "registry.test/app:1";
    private static final String REF = "sha256:one";
    private static final PullSecret RIGHT = PullSecret.of("u1", "ns", "right", "login");

    @TempDir
    private @Nullable Path folder;

    private final SimulatedClock clock = new SimulatedClock();

    private Path folder() {
        return java.util.Objects.requireNonNull(folder);
    }

    private PullRecords records() {
        return new PullRecords(folder(), PullVerification.DEFAULT, clock);
    }

    private static boolean mustPull(PullRecords records, String image, PullSecret... offered) {
        return records.mustPull(image, REF, () -> List.of(offered));
    }

    private static void pull(PullRecords records, String image, PullSecret... with) {
        records.intend(image);
        records.pulled(image, REF, Stream.of(with).findFirst());
    }

    private List<Path> files(String below) {
        try (Stream<Path> all = Files.list(folder().resolve(below))) {
            return all.toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    @Test
    void whatTheAgentHasNotPulledIsForEverybody() {
        assertThat(mustPull(records(), IMAGE)).isFalse();
        assertThat(files("pulled")).isEmpty();
    }

    @Test
    void whatTookNoSecretIsForEverybodyUnderTheNameItHad() {
        pull(records(), IMAGE);
        assertThat(mustPull(records(), IMAGE)).isFalse();
        assertThat(mustPull(records(), "registry.test/app@sha256:" + "0".repeat(64)))
                .isFalse();
        // The same content under a name that others may have no right to.
        assertThat(mustPull(records(), "registry.test/other:1")).isTrue();
        assertThat(files("pulling")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "u1, ns, right, login, false", // itself
        "u9, other, copy, login, false", // the same login elsewhere
        "u1, ns, right, changed, false", // the same object, changed since
        "u2, ns, right, changed, true", // made again under the same name
        "u9, other, copy, another, true"
    })
    void whatTookASecretIsForWhoHasTheLoginOrTheObject(
            String uid, String namespace, String name, String login, boolean pull) {
        pull(records(), IMAGE, RIGHT);
        assertThat(mustPull(records(), IMAGE, PullSecret.of(uid, namespace, name, login)))
                .isEqualTo(pull);
        assertThat(mustPull(records(), IMAGE)).isTrue();
    }

    @Test
    void whatWasFoundToBeRightIsRightFromThenOn() {
        PullRecords records = records();
        pull(records, IMAGE, RIGHT);
        assertThat(mustPull(records, IMAGE, PullSecret.of("u1", "ns", "right", "changed")))
                .isFalse();
        // Known by its new login now, in another object.
        assertThat(mustPull(records, IMAGE, PullSecret.of("u9", "other", "copy", "changed")))
                .isFalse();
        assertThat(mustPull(records, IMAGE, PullSecret.of("u8", "other", "copy", "login")))
                .isTrue();
    }

    @Test
    void onceItTookNoSecretSecretsDoNotMatter() {
        PullRecords records = records();
        pull(records, IMAGE, RIGHT);
        pull(records, IMAGE);
        assertThat(mustPull(records, IMAGE)).isFalse();
        pull(records, IMAGE, RIGHT);
        assertThat(mustPull(records, IMAGE)).isFalse();
    }

    @Test
    void theFilesAreThoseOfTheKubelet() throws IOException {
        PullRecords records = records();
        records.intend(IMAGE);
        assertThat(json("pulling").path("kind").asString()).isEqualTo("ImagePullIntent");
        assertThat(json("pulling").path("image").asString()).isEqualTo(IMAGE);
        records.pulled(IMAGE, REF, Optional.of(RIGHT));
        JsonNode record = json("pulled");
        assertThat(record.path("kind").asString()).isEqualTo("ImagePulledRecord");
        assertThat(record.path("apiVersion").asString()).isEqualTo("kubelet.config.k8s.io/v1beta1");
        assertThat(record.path("imageRef").asString()).isEqualTo(REF);
        JsonNode secret = record.path("credentialMapping")
                .path("registry.test/app")
                .path("kubernetesSecrets")
                .get(0);
        assertThat(secret.path("name").asString()).isEqualTo("right");
        assertThat(secret.path("credentialHash").asString()).hasSize(64);
        assertThat(record.toString()).doesNotContain("login");
        assertThat(files("pulled").getFirst().getFileName()).asString().matches("sha256-[0-9a-f]{64}");
    }

    private JsonNode json(String below) throws IOException {
        assertThat(files(below)).hasSize(1);
        return Json.MAPPER.readTree(Files.readAllBytes(files(below).getFirst()));
    }

    /** At every point of a pull: nobody gets the image for nothing because of a crash. */
    @Test
    void aPullWhoseEndTheAgentDidNotSeeTookCredentialsThatNobodyKnows() {
        records().intend(IMAGE);
        assertThat(mustPull(records(), IMAGE, RIGHT)).isTrue();
        PullRecords next = records();
        next.recover(name -> Optional.empty());
        assertThat(files("pulling")).hasSize(1);
        next.recover(name -> Optional.of(new Image(REF, List.of(name), List.of(), 1, OptionalLong.empty(), "")));
        assertThat(files("pulling")).isEmpty();
        assertThat(mustPull(records(), IMAGE, RIGHT)).isTrue();
        pull(next, IMAGE, RIGHT);
        assertThat(mustPull(records(), IMAGE, RIGHT)).isFalse();
        // A later pull that was not seen to its end takes nothing from those whose credentials are known.
        next.intend(IMAGE);
        records().recover(name -> Optional.of(new Image(REF, List.of(name), List.of(), 1, OptionalLong.empty(), "")));
        assertThat(mustPull(records(), IMAGE, RIGHT)).isFalse();
        assertThat(mustPull(records(), IMAGE)).isTrue();
    }

    @Test
    void aFailedPullIsNoPull() {
        PullRecords records = records();
        records.intend(IMAGE);
        records.failed(IMAGE);
        assertThat(mustPull(records, IMAGE)).isFalse();
    }

    @Test
    void aTornRecordOpensNothingAndTheNextPullReplacesIt() throws IOException {
        PullRecords records = records();
        pull(records, IMAGE, RIGHT);
        Path file = files("pulled").getFirst();
        Files.writeString(file, Files.readString(file).substring(0, 40));
        assertThat(mustPull(records, IMAGE, RIGHT)).isTrue();
        pull(records, IMAGE, RIGHT);
        assertThat(mustPull(records, IMAGE, RIGHT)).isFalse();
    }

    @Test
    void whatCantBeNotedMustNotBePulled() throws IOException {
        Files.createFile(folder().resolve("pulling"));
        assertThatThrownBy(() -> records().intend(IMAGE))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("failed to record image pull intent for image \"" + IMAGE + "\"");
    }

    @Test
    void imagesThatAreGoneAreForgotten() {
        PullRecords records = records();
        pull(records, IMAGE, RIGHT);
        clock.advance(Duration.ofMinutes(1));
        records.forgetOthers(Set.of(REF), clock.instant());
        assertThat(files("pulled")).hasSize(1);
        // Pulled after the look at what there is.
        records.forgetOthers(Set.of(), clock.instant().minusSeconds(61));
        assertThat(files("pulled")).hasSize(1);
        records.forgetOthers(Set.of(), clock.instant());
        assertThat(files("pulled")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "NEVER_VERIFY, busybox, true, false",
        "NEVER_VERIFY_PRELOADED_IMAGES, busybox, false, false",
        "NEVER_VERIFY_PRELOADED_IMAGES, busybox, true, true",
        "ALWAYS_VERIFY, busybox, false, true",
        "NEVER_VERIFY_ALLOWLISTED_IMAGES, docker.io/library/busybox:1, true, false",
        "NEVER_VERIFY_ALLOWLISTED_IMAGES, busybox, false, false",
        "NEVER_VERIFY_ALLOWLISTED_IMAGES, registry.test/team/app:2, false, false",
        "NEVER_VERIFY_ALLOWLISTED_IMAGES, registry.test/teams/app:2, false, true",
        "NEVER_VERIFY_ALLOWLISTED_IMAGES, alpine, false, true"
    })
    void policiesSayWhatIsLookedAt(Policy policy, String image, boolean ours, boolean required) {
        List<String> exempt = policy == Policy.NEVER_VERIFY_ALLOWLISTED_IMAGES
                ? List.of("docker.io/library/busybox", "registry.test/team/*")
                : List.of();
        assertThat(new PullVerification(policy, exempt).required(image, ours)).isEqualTo(required);
    }
}
