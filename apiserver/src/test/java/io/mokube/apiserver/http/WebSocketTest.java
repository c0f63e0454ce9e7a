package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What clients get over WebSockets from the server itself. */
class WebSocketTest {

    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        admin = TestClient.admin(server);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    /** Keeps whole messages, and the code of the end. */
    private static final class Heard implements WebSocket.Listener {

        private final List<String> messages = new CopyOnWriteArrayList<>();
        private final StringBuilder part = new StringBuilder();
        private volatile int end;

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            part.append(data);
            if (last) {
                messages.add(part.toString());
                part.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            end = code;
            return null;
        }

        List<String> events() {
            return messages.stream()
                    .map(Json.MAPPER::readTree)
                    .map(event -> event.path("type").asString("") + " "
                            + event.at("/object/metadata/name").asString(""))
                    .toList();
        }
    }

    private static void create(String name) {
        assertThat(admin.post(
                                MAPS,
                                "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" + name
                                        + "\"}}")
                        .code())
                .isEqualTo(201);
    }

    @Test
    void aMessageIsAnEvent() {
        Heard heard = new Heard();
        WebSocket socket = admin.webSocket(MAPS + "?watch=true&fieldSelector=metadata.name%3Dwatched", heard);
        create("watched");
        admin.delete(MAPS + "/watched");
        Await.until("both events came", () -> heard.messages.size() == 2);
        assertThat(heard.events()).containsExactly("ADDED watched", "DELETED watched");
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
        Await.until("the end is answered", () -> heard.end == WebSocket.NORMAL_CLOSURE);
    }

    @Test
    void theServerEndsAWatchThatIsOver() {
        Heard heard = new Heard();
        admin.webSocket(MAPS + "?watch=true&timeoutSeconds=1", heard);
        Await.until("the watch is over", () -> heard.end == WebSocket.NORMAL_CLOSURE);
    }

    @Test
    void messagesAreBase64WhenThatIsWanted() {
        Heard heard = new Heard();
        create("encoded");
        WebSocket socket = admin.webSocket(
                MAPS + "?watch=true&fieldSelector=metadata.name%3Dencoded", heard, "base64.binary.k8s.io");
        assertThat(socket.getSubprotocol()).isEqualTo("base64.binary.k8s.io");
        Await.until("the event came", () -> heard.messages.size() == 1);
        JsonNode event = Json.MAPPER.readTree(Base64.getDecoder().decode(heard.messages.getFirst()));
        assertThat(event.path("type").asString("")).isEqualTo("ADDED");
        socket.abort();
    }

    @Test
    void refusalsComeBeforeTheWebSocket() {
        assertThatThrownBy(() -> admin.webSocket(MAPS + "?watch=true&resourceVersion=frob", new Heard()))
                .hasCauseInstanceOf(WebSocketHandshakeException.class)
                .satisfies(e -> assertThat(refusal(e)).isEqualTo(400));
        assertThatThrownBy(() -> admin.webSocket(
                        "/api/v1/namespaces/default/pods/absent/exec?command=true&stdout=true", new Heard()))
                .satisfies(e -> assertThat(refusal(e)).isEqualTo(404));
    }

    private static int refusal(Throwable thrown) {
        return Objects.requireNonNull((WebSocketHandshakeException) thrown.getCause())
                .getResponse()
                .statusCode();
    }
}
