package io.mokube.apiserver.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import io.mokube.testkit.SimulatedClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** Where audit events go, and what is wrong with policies. */
class AuditBackendsTest {

    private static ObjectNode event(int number) {
        return Json.MAPPER.createObjectNode().put("n", number).put("filler", "x".repeat(600 * 1024));
    }

    @Test
    void logsAreRotatedAndForgotten(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("audit.log");
        AuditConfig config = new AuditConfig(folder, file.toString(), 1, 2, 0, null, AuditConfig.STANDARD_WAIT);
        SimulatedClock clock = new SimulatedClock();
        try (AuditLog log = AuditLog.open(file.toString(), config, clock)) {
            for (int i = 1; i <= 5; i++) {
                log.tell(event(i));
            }
        }
        assertThat(numbers(file)).containsExactly(5);
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> old = files.filter(each -> !each.equals(file)).sorted().toList();
            assertThat(old).hasSize(2);
            assertThat(old.getFirst().getFileName().toString())
                    .matches("audit-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\d\\.\\d{3}\\.log");
            assertThat(old.stream().map(AuditBackendsTest::numbers)).containsExactly(List.of(3), List.of(4));
        }
    }

    private static List<Integer> numbers(Path file) {
        try {
            return Files.readAllLines(file).stream()
                    .map(line -> Json.MAPPER.readTree(line).path("n").asInt())
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void theWebhookGetsBatchesAgainAfterAFailureAndNobodyWaitsForIt() {
        SimulatedClock clock = new SimulatedClock();
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        ConcurrentLinkedQueue<Integer> sizes = new ConcurrentLinkedQueue<>();
        ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>(List.of("once"));
        CountDownLatch open = new CountDownLatch(1);
        AuditWebhook webhook = new AuditWebhook(
                list -> {
                    try {
                        open.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    if (failures.poll() != null) {
                        throw new IOException("not now");
                    }
                    sizes.add(Json.MAPPER.readTree(list).path("items").size());
                },
                Duration.ofSeconds(30),
                clock,
                meters);
        ObjectNode event = Json.MAPPER.createObjectNode();
        for (int i = 0; i < 10_500; i++) {
            webhook.tell(event);
        }
        // One batch is on its way, so many wait, the rest is lost.
        assertThat(meters.counter("apiserver_audit_error", "plugin", "webhook").count())
                .isBetween(100.0, 500.0);
        open.countDown();
        Await.until("the queue is empty", () -> {
            clock.advance(Duration.ofSeconds(30));
            return sizes.stream().mapToInt(Integer::intValue).sum() >= 10_000;
        });
        assertThat(sizes).allMatch(size -> size <= 400);
        assertThat(failures).isEmpty();
        webhook.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "kind: Policy|it must be of kind Policy, apiVersion audit.k8s.io/v1",
                "rules: []|it has no rules",
                "rules: [{level: Some}]|rules[0].level: \"Some\" is none of None, Metadata, Request, RequestResponse",
                "rules: [{level: None, omitStages: [Never]}]|rules[0].omitStages: \"Never\" is none of",
                "rules: [{level: None, nonResourceURLs: [/a], namespaces: [b]}]|rules cannot apply to both regular",
                "rules: [{level: None, nonResourceURLs: [a]}]|must begin with a '/'",
                "rules: [{level: None, resources: [{resourceNames: [a]}]}]|resourceNames need resources",
            })
    void policiesThatMakeNoSense(String text, String message, @TempDir Path folder) throws IOException {
        Path file = folder.resolve("policy.yaml");
        Files.writeString(file, text.startsWith("kind") ? text : "apiVersion: audit.k8s.io/v1\nkind: Policy\n" + text);
        assertThatThrownBy(() -> AuditPolicy.read(file))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining(message);
    }
}
