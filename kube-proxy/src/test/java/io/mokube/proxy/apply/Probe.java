package io.mokube.proxy.apply;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A program that runs in a network namespace, listens and connects as it is told, line by line, and answers each line with
 * one: {@code NAME PEER} for a connection to the probe of that name, which saw that address of the client.
 */
public final class Probe {

    private static final int PATIENCE_MILLIS = 1000;

    private Probe() {}

    public static void main(String[] arguments) throws IOException {
        String name = arguments[0];
        Map<String, Socket> open = new HashMap<>();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line;
        System.out.println("ready");
        while ((line = commands.readLine()) != null) {
            String[] words = line.split(" ");
            System.out.println(
                    switch (words[0]) {
                        case "listen" -> listen(name, Integer.parseInt(words[1]));
                        case "tcp" -> tcp(words[1], Integer.parseInt(words[2]));
                        case "udp" -> udp(words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3]));
                        case "open" -> open(open, words[1], words[2], Integer.parseInt(words[3]));
                        case "say" -> say(Objects.requireNonNull(open.get(words[1])), words[2]);
                        default -> "unknown command";
                    });
        }
    }

    private static String listen(String name, int port) throws IOException {
        ServerSocket server = new ServerSocket();
        server.setReuseAddress(true);
        server.bind(new InetSocketAddress("::", port), 100);
        Thread.ofVirtual().start(() -> {
            while (true) {
                try {
                    Socket client = server.accept();
                    Thread.ofVirtual().start(() -> converse(name, client));
                } catch (IOException e) {
                    return;
                }
            }
        });
        DatagramSocket datagrams = new DatagramSocket(new InetSocketAddress("::", port));
        Thread.ofVirtual().start(() -> {
            byte[] buffer = new byte[1000];
            while (true) {
                try {
                    DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                    datagrams.receive(packet);
                    byte[] answer = (name + " " + plain(packet.getAddress())).getBytes(StandardCharsets.UTF_8);
                    datagrams.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                } catch (IOException e) {
                    // The client is gone.
                }
            }
        });
        return "listening";
    }

    private static void converse(String name, Socket client) {
        try (client;
                BufferedReader in = reader(client)) {
            write(client, name + " " + plain(client.getInetAddress()));
            String line;
            while ((line = in.readLine()) != null) {
                write(client, name + " " + line);
            }
        } catch (IOException e) {
            // The client is gone.
        }
    }

    private static String tcp(String address, int port) {
        try (Socket socket = connect(address, port)) {
            return String.valueOf(reader(socket).readLine());
        } catch (IOException e) {
            return problem(e);
        }
    }

    private static String open(Map<String, Socket> open, String id, String address, int port) {
        try {
            Socket socket = connect(address, port);
            open.put(id, socket);
            return String.valueOf(reader(socket).readLine());
        } catch (IOException e) {
            return problem(e);
        }
    }

    private static String say(Socket socket, String word) {
        try {
            write(socket, word);
            return String.valueOf(reader(socket).readLine());
        } catch (IOException e) {
            return problem(e);
        }
    }

    private static String udp(String address, int port, int sourcePort) {
        try (DatagramSocket socket = new DatagramSocket(sourcePort)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(new InetSocketAddress(address, port));
            byte[] hello = {1};
            socket.send(new DatagramPacket(hello, hello.length));
            DatagramPacket answer = new DatagramPacket(new byte[1000], 1000);
            socket.receive(answer);
            return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return problem(e);
        }
    }

    private static Socket connect(String address, int port) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(new InetSocketAddress(address, port), PATIENCE_MILLIS);
        return socket;
    }

    /** One line at a time is under way, so that a reader never takes more than its own. */
    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void write(Socket socket, String line) throws IOException {
        socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static String problem(IOException e) {
        return switch (e) {
            case SocketTimeoutException _ -> "timeout";
            case PortUnreachableException _ -> "refused";
            case NoRouteToHostException _ -> "no route";
            case ConnectException refused ->
                String.valueOf(refused.getMessage()).contains("refused")
                        ? "refused"
                        : String.valueOf(refused.getMessage());
            default -> e.toString();
        };
    }

    private static String plain(InetAddress address) {
        String text = address.getHostAddress();
        int zone = text.indexOf('%');
        return zone < 0 ? text : text.substring(0, zone);
    }
}
