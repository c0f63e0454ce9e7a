package io.mokube.kubelet.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a machine's resolv.conf says. */
public record HostResolver(List<String> servers, List<String> searches, List<String> options) {

    private static final Path USUAL = Path.of("/etc/resolv.conf");

    /** What the usual file's only entry stands for where systemd resolves names. */
    private static final Path BEHIND_SYSTEMD = Path.of("/run/systemd/resolve/resolv.conf");

    private static final List<String> SYSTEMD = List.of("127.0.0.53");

    public HostResolver {
        servers = List.copyOf(servers);
        searches = List.copyOf(searches);
        options = List.copyOf(options);
    }

    /** The machine's own; a server on the machine's loopback address, which pods can't reach, is looked behind. */
    public static HostResolver read() {
        HostResolver usual = read(USUAL);
        return usual.servers().equals(SYSTEMD) && Files.isReadable(BEHIND_SYSTEMD) ? read(BEHIND_SYSTEMD) : usual;
    }

    /** Reads a file; one that can't be read says nothing. */
    static HostResolver read(Path file) {
        try {
            return parse(Files.readString(file));
        } catch (IOException e) {
            return new HostResolver(List.of(), List.of(), List.of());
        }
    }

    /** Reads the file's text as resolvers do: servers add up, of searches and options the last line counts. */
    static HostResolver parse(String text) {
        List<String> servers = new ArrayList<>();
        List<String> searches = List.of();
        List<String> options = List.of();
        for (String line : text.split("\n")) {
            List<String> words = List.of(line.strip().split("\\s+"));
            List<String> rest = words.subList(1, words.size());
            switch (words.getFirst()) {
                case "nameserver" -> rest.stream().findFirst().ifPresent(servers::add);
                case "search" ->
                    searches = rest.stream()
                            .map(each -> each.length() > 1 && each.endsWith(".")
                                    ? each.substring(0, each.length() - 1)
                                    : each)
                            .toList();
                case "options" -> options = rest;
                default -> {} // comments, and what nobody uses any more
            }
        }
        return new HostResolver(servers, searches, options);
    }
}
