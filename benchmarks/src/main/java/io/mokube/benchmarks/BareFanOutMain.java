package io.mokube.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Sends one file's bytes as an event to everybody: {@code FILE}. {@code GET /watch} waits for events, {@code GET /fire/N}
 * sends N of them to all who wait, in a loop of one thread.
 */
final class BareFanOutMain {

    private static final byte[] HEAD =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE =
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final byte[] chunk;
    private final List<OutputStream> watchers = new CopyOnWriteArrayList<>();

    private BareFanOutMain(byte[] event) {
        byte[] size = (Integer.toHexString(event.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        chunk = new byte[size.length + event.length + 2];
        System.arraycopy(size, 0, chunk, 0, size.length);
        System.arraycopy(event, 0, chunk, size.length, event.length);
        chunk[chunk.length - 2] = '\r';
        chunk[chunk.length - 1] = '\n';
    }

    public static void main(String[] arguments) throws IOException {
        BareFanOutMain server = new BareFanOutMain(Files.readAllBytes(Path.of(arguments[0])));
        try (ServerSocket listening = new ServerSocket(0, 2000, InetAddress.getLoopbackAddress())) {
            Thread.ofPlatform().daemon().start(() -> server.accept(listening));
            URI address = URI.create("http://127.0.0.1:" + listening.getLocalPort());
            JavaSubject.sayReady(address, address);
            JavaSubject.serveParent();
        }
        System.exit(0);
    }

    private void accept(ServerSocket listening) {
        try {
            while (true) {
                Socket socket = listening.accept();
                socket.setTcpNoDelay(true);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // The end.
        }
    }

    private void serve(Socket socket) {
        try {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            OutputStream out = socket.getOutputStream();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String path = line.split(" ")[1];
                while (!line.isEmpty()) {
                    line = in.readLine();
                }
                if (path.startsWith("/fire/")) {
                    fire(Integer.parseInt(path.substring("/fire/".length())));
                    out.write(DONE);
                } else {
                    watchers.add(out);
                    out.write(HEAD);
                }
            }
        } catch (IOException e) {
            // The client went away.
        }
    }

    private void fire(int events) throws IOException {
        for (int i = 0; i < events; i++) {
            for (OutputStream watcher : watchers) {
                watcher.write(chunk);
            }
        }
    }
}
