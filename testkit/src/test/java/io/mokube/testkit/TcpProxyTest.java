package io.mokube.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpProxyTest {

    private static final int MESSAGE_BYTES = 100_000;

    private ServerSocket server;
    private TcpProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    socket.getOutputStream().write(new byte[MESSAGE_BYTES]);
                } catch (IOException _) {
                    // The client was cut, or the test ends.
                }
            }
        });
        proxy = TcpProxy.before(server.getLocalPort());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        server.close();
    }

    @Test
    void passesEverythingOn() throws IOException {
        assertThat(received()).isEqualTo(MESSAGE_BYTES);
    }

    @Test
    void cutsOneConnectionAtTheChosenByte() throws IOException {
        proxy.cutNextAfter(12_345);
        assertThat(received()).isEqualTo(12_345);
        assertThat(received()).isEqualTo(MESSAGE_BYTES);
    }

    @Test
    void refuses() {
        proxy.refuse(true);
        assertThatThrownBy(() -> {
                    if (received() == 0) {
                        throw new IOException("closed");
                    }
                })
                .isInstanceOf(IOException.class);
        assertThat(proxy.accepted()).isZero();
    }

    private int received() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            return socket.getInputStream().readAllBytes().length;
        }
    }
}
