package io.mokube.kubelet.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The framing of both protocols, byte for byte, without a network. */
class StreamProtocolsTest {

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aFullBufferSaysSoOnceAndAgainWhenItHasRoom() throws IOException {
        List<Boolean> said = new ArrayList<>();
        ReceivedBytes bytes = new ReceivedBytes(said::add);
        bytes.add(new byte[ReceivedBytes.FULL_BYTES]);
        bytes.add(new byte[10]);
        assertThat(said).containsExactly(true);
        assertThat(bytes.readNBytes(ReceivedBytes.FULL_BYTES)).hasSize(ReceivedBytes.FULL_BYTES);
        assertThat(said).containsExactly(true, false);
        bytes.end();
        assertThat(bytes.readAllBytes()).hasSize(10);
        assertThat(bytes.read()).isEqualTo(-1);
    }

    @Test
    void whoeverClosesAFullBufferLetsTheRestOfTheConnectionGoOn() {
        List<Boolean> said = new ArrayList<>();
        ReceivedBytes bytes = new ReceivedBytes(said::add);
        bytes.add(new byte[ReceivedBytes.FULL_BYTES]);
        bytes.close();
        bytes.add(new byte[ReceivedBytes.FULL_BYTES]);
        assertThat(said).containsExactly(true, false);
    }

    /** Takes all that one side has to say to the other. */
    private static void carry(EmbeddedChannel from, EmbeddedChannel to) {
        from.runPendingTasks();
        for (ByteBuf bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
            to.writeInbound(bytes);
        }
        to.runPendingTasks();
    }

    @Test
    void spdyStreamsCarryBothWaysAndEndEachByItself() throws Exception {
        SpdyConnection client = new SpdyConnection(false);
        SpdyConnection server = new SpdyConnection(true);
        EmbeddedChannel clientSide = new EmbeddedChannel(SpdyConnection.codec(), client);
        EmbeddedChannel serverSide = new EmbeddedChannel(SpdyConnection.codec(), server);
        SpdyStream asked = client.open(Map.of("streamtype", "stdin"));
        asked.output().write(text("question"));
        asked.output().close();
        carry(clientSide, serverSide);
        SpdyStream heard = Objects.requireNonNull(server.accept(Duration.ofSeconds(1)));
        assertThat(heard.header("streamtype")).isEqualTo("stdin");
        assertThat(heard.input().readAllBytes()).isEqualTo(text("question"));
        heard.output().write(text("answer"));
        heard.output().close();
        carry(serverSide, clientSide);
        assertThat(asked.input().readAllBytes()).isEqualTo(text("answer"));
        clientSide.close().syncUninterruptibly();
        assertThatThrownBy(() -> asked.output().write(1)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> client.open(Map.of("streamtype", "stdin"))).isInstanceOf(IOException.class);
        serverSide.close().syncUninterruptibly();
        assertThat(server.accept(Duration.ofSeconds(1))).isNull();
    }

    @Test
    void aWebSocketsFirstByteNamesItsChannel() throws IOException {
        WebSocketChannels channels = new WebSocketChannels(5, false, true);
        EmbeddedChannel side = new EmbeddedChannel(channels);
        side.writeInbound(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(new byte[] {0, 'h', 'i'})));
        side.writeInbound(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(new byte[] {77, 'x'})));
        side.writeInbound(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(new byte[] {(byte) 255, 0})));
        assertThat(channels.input(0).readAllBytes()).isEqualTo(text("hi"));
        channels.output(1).write(text("yo"));
        side.runPendingTasks();
        BinaryWebSocketFrame sent = side.readOutbound();
        assertThat(BlockingConnection.bytes(sent.content())).isEqualTo(new byte[] {1, 'y', 'o'});
        sent.release();
        side.close().syncUninterruptibly();
        assertThat(channels.input(4).read()).isEqualTo(-1);
    }

    @Test
    void theBase64ProtocolsAreText() throws IOException {
        WebSocketChannels channels = new WebSocketChannels(5, true, false);
        EmbeddedChannel side = new EmbeddedChannel(channels);
        side.writeInbound(new TextWebSocketFrame("0aGk="));
        assertThat(channels.input(0).readNBytes(2)).isEqualTo(text("hi"));
        channels.output(2).write(text("yo"));
        side.runPendingTasks();
        TextWebSocketFrame sent = side.readOutbound();
        assertThat(sent.text()).isEqualTo("2eW8=");
        sent.release();
        side.writeInbound(new TextWebSocketFrame("0not base64!"));
        assertThat(side.isActive()).isFalse();
    }
}
