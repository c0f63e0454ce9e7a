package io.mokube.apiserver.authn;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Tokens from a file in Kubernetes' form: {@code token,user,uid} and optionally {@code "group,group"}, one a line. */
public final class StaticTokens implements Authenticator {

    private final List<Known> known;

    private record Known(byte[] token, User user) {}

    private StaticTokens(List<Known> known) {
        this.known = List.copyOf(known);
    }

    /**
     * Reads the file.
     *
     * @throws ComponentException when it can't be read or understood
     */
    public static StaticTokens read(Path file) {
        List<Known> known = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file)) {
                if (line.isBlank()) {
                    continue;
                }
                String[] fields = line.split(",", 4);
                if (fields.length < 3 || fields[0].isBlank() || fields[1].isBlank()) {
                    throw new ComponentException("the token file " + file
                            + " has a line that is not token,user,uid[,\"group,group\"]; correct it");
                }
                List<String> groups = new ArrayList<>();
                if (fields.length == 4) {
                    for (String group : fields[3].replace("\"", "").split(",")) {
                        if (!group.isBlank()) {
                            groups.add(group.strip());
                        }
                    }
                }
                groups.add(User.AUTHENTICATED);
                known.add(new Known(
                        fields[0].strip().getBytes(StandardCharsets.UTF_8),
                        new User(fields[1].strip(), fields[2].strip(), groups, Map.of())));
            }
        } catch (IOException e) {
            throw new ComponentException("the token file " + file + " can't be read: " + e.getMessage(), e);
        }
        return new StaticTokens(known);
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        byte[] given = credentials.bearerToken().getBytes(StandardCharsets.UTF_8);
        User found = null;
        for (Known each : known) {
            // All are compared, each in constant time: how long it takes tells nothing.
            if (MessageDigest.isEqual(each.token(), given)) {
                found = each.user();
            }
        }
        return Optional.ofNullable(found);
    }
}
